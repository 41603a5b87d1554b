package extproc

import (
	"context"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/peer"
)

// connections are a listener whose connections notice that Envoy has left. Its streams end then
// as if each exchange had broken off by itself, and no account of them comes.
type connections struct{ net.Listener }

// Accept implements net.Listener.
func (c connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn}, nil
}

// connection is one connection of Envoy's. It is the address of its own peer, so that a stream
// finds the connection that it came by: those of a Unix socket have no names.
type connection struct {
	net.Conn
	over atomic.Bool
}

// Read implements net.Conn. It notes the end before any stream learns of it.
func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.over.Store(true)
	}
	return n, err
}

// RemoteAddr implements net.Conn.
func (c *connection) RemoteAddr() net.Addr { return c }

// Network implements net.Addr.
func (c *connection) Network() string { return c.Conn.RemoteAddr().Network() }

// String implements net.Addr.
func (c *connection) String() string { return c.Conn.RemoteAddr().String() }

// envoyLeft reports whether the connection that a stream came by has ended.
func envoyLeft(stream context.Context) bool {
	p, ok := peer.FromContext(stream)
	if !ok {
		return false
	}
	c, ok := p.Addr.(*connection)
	return ok && c.over.Load()
}
