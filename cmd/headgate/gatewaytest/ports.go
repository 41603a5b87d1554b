package gatewaytest

import (
	"net"
	"strings"
	"testing"
)

// OccupyPort listens on a port of its own until the test ends.
func OccupyPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// RefusesConnections reports whether nothing listens at the gateway's address.
func (g *Gateway) RefusesConnections() bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}
