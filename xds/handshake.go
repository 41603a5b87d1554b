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

// maxLinesPerMinute bounds the log lines about handshakes that failed, and about node ids that
// were refused: a client tries again and again.
const maxLinesPerMinute = 20

// handshakeLog are credentials that log and count handshakes that failed: gRPC itself
// logs nothing, and the client often learns no more than that the connection broke.
type handshakeLog struct {
	credentials.TransportCredentials
	log      *zap.Logger
	failures prometheus.Counter
}

func newHandshakeLog(c credentials.TransportCredentials, log *zap.Logger, failures prometheus.Counter) *handshakeLog {
	return &handshakeLog{c, sampled(log), failures}
}

// sampled is a log with at most maxLinesPerMinute lines of each message.
func sampled(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, maxLinesPerMinute, 0)
	}))
}

// ServerHandshake implements credentials.TransportCredentials. A connection that is
// closed before the client has sent anything does not count: probes open such.
func (h *handshakeLog) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := h.TransportCredentials.ServerHandshake(raw)
	if err != nil && !errors.Is(err, io.EOF) {
		h.failures.Inc()
		h.log.Warn("a client's TLS handshake failed", zap.Stringer("address", raw.RemoteAddr()), zap.Error(err))
	}
	return conn, info, err
}

// Clone implements credentials.TransportCredentials.
func (h *handshakeLog) Clone() credentials.TransportCredentials {
	return &handshakeLog{h.TransportCredentials.Clone(), h.log, h.failures}
}
