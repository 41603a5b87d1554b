package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/xds/identity"
)

// byHost are the credentials of who dials several hosts, each of which is verified by
// its own name. The configurations of package identity know their server's name.
type byHost map[string]credentials.TransportCredentials

var _ credentials.TransportCredentials = byHost(nil)

// dialers are the credentials for addresses, host:port. All of them are verified by
// one name if it is given.
func dialers(addresses []string, name string, files identity.Files, log *zap.Logger) (credentials.TransportCredentials, error) {
	b := byHost{}
	for _, addr := range addresses {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("control plane address %q: %w", addr, err)
		}
		if b[host] != nil {
			continue
		}
		verified := host
		if name != "" {
			verified = name
		}
		c, err := identity.Client(files, verified, identity.Options{Report: reportTLS(log)})
		if err != nil {
			return nil, err
		}
		b[host] = credentials.NewTLS(c)
	}
	return b, nil
}

// ClientHandshake implements credentials.TransportCredentials.
func (b byHost) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		return nil, nil, fmt.Errorf("control plane address %q: %w", authority, err)
	}
	c := b[host]
	if c == nil {
		return nil, nil, fmt.Errorf("control plane address %q: there are no credentials for it", authority)
	}
	return c.ClientHandshake(ctx, authority, conn)
}

// ServerHandshake implements credentials.TransportCredentials.
func (byHost) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("these credentials only dial")
}

// Info implements credentials.TransportCredentials. It names no server, so that gRPC
// names the one that is dialled.
func (byHost) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone implements credentials.TransportCredentials.
func (b byHost) Clone() credentials.TransportCredentials { return b }

// OverrideServerName implements credentials.TransportCredentials: the name is settled.
func (byHost) OverrideServerName(string) error {
	return errors.New("these credentials know the server's name")
}
