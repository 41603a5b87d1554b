package xds

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc/credentials"
)

// toldPerMinute bounds the lines of the log about clients that were turned away: they
// come back, and anybody may come.
const toldPerMinute = 20

// telling are credentials that tell of clients which they turn away: gRPC itself is
// silent, and the client often learns no more than that the connection broke.
type telling struct {
	credentials.TransportCredentials
	log    *zap.Logger
	turned prometheus.Counter
}

func newTelling(c credentials.TransportCredentials, log *zap.Logger, turned prometheus.Counter) *telling {
	sampled := log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, toldPerMinute, 0)
	}))
	return &telling{c, sampled, turned}
}

// ServerHandshake implements credentials.TransportCredentials. A connection on which
// nothing was said is no client: probes open such.
func (t *telling) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := t.TransportCredentials.ServerHandshake(raw)
	if err != nil && !errors.Is(err, io.EOF) {
		t.turned.Inc()
		t.log.Warn("a client was turned away", zap.Stringer("address", raw.RemoteAddr()), zap.Error(err))
	}
	return conn, info, err
}

// Clone implements credentials.TransportCredentials.
func (t *telling) Clone() credentials.TransportCredentials {
	return &telling{t.TransportCredentials.Clone(), t.log, t.turned}
}
