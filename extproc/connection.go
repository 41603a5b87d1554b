package extproc

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/peer"
)

// Listener accepts Envoy's connections, which notice that Envoy has left. Its streams end then
// as if each exchange had broken off by itself, and no account of them comes.
type Listener struct {
	*net.UnixListener
	mu     sync.Mutex
	paused bool
	closed chan struct{} // by Close
	close  func() error
	fresh  sync.WaitGroup // connections that nobody has read from yet
}

// ListenOn makes a listener of the socket of another process, which is served there, too.
func ListenOn(l *net.UnixListener) *Listener {
	closed := make(chan struct{})
	return &Listener{UnixListener: l, closed: closed, close: sync.OnceValue(func() error {
		close(closed)
		return l.Close()
	})}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	conn, err := l.UnixListener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.fresh.Add(1)
		return &connection{Conn: conn, read: sync.OnceFunc(l.fresh.Done)}, nil
	case !l.paused:
		return nil, err
	}
	l.mu.Unlock()
	<-l.closed
	l.mu.Lock()
	return nil, net.ErrClosed
}

// Pause stops accepting, and waits until those connections are being served that were accepted:
// a server that is stopped closes others unread. What is not accepted waits for another process.
func (l *Listener) Pause() {
	l.mu.Lock()
	l.paused = true
	_ = l.SetDeadline(time.Unix(1, 0)) // a socket that is closed accepts nothing either
	l.mu.Unlock()
	l.fresh.Wait()
}

// Close implements net.Listener.
func (l *Listener) Close() error { return l.close() }

// connection is one connection of Envoy's. It is the address of its own peer, so that a stream
// finds the connection that it came by: those of a Unix socket have no names.
type connection struct {
	net.Conn
	read func() // notes that somebody reads
	over atomic.Bool
}

// Read implements net.Conn. It notes the end before any stream learns of it.
func (c *connection) Read(b []byte) (int, error) {
	c.read()
	n, err := c.Conn.Read(b)
	if err != nil {
		c.over.Store(true)
	}
	return n, err
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.read()
	return c.Conn.Close()
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
