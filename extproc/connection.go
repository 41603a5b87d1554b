package extproc

import (
	"bytes"
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
	mu      sync.Mutex
	paused  bool
	leaving atomic.Bool   // as paused, for connections
	closed  chan struct{} // by Close
	close   func() error
	fresh   sync.WaitGroup // connections that nobody has read from yet
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
		return &connection{Conn: conn, read: sync.OnceFunc(l.fresh.Done), leaving: &l.leaving}, nil
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
	l.leaving.Store(true)
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
	read    func() // notes the first read
	leaving *atomic.Bool
	asked   bool // to open no more streams; of the goroutine that writes
	over    atomic.Bool
}

// gRPC asks the other end to open no more streams by the frame GOAWAY for the greatest stream id,
// and a PING. It refuses the streams that come after the answer to that, or after five seconds.
var (
	goAway = []byte{7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0} // after its length of three bytes
	ping   = []byte{0, 0, 8, 6, 0, 0, 0, 0, 0}                            // before its eight bytes
)

// Write implements net.Conn. It keeps Envoy from refusing streams of its own. What Envoy opens
// because of a message, such as an attempt after the answer to its request, it does not send if
// goAway came together with that: so goAway is written once Envoy has read what was before. And
// the PING after it is left out: Envoy answers that before it sends what it opens because of what it
// read together with it.
func (c *connection) Write(b []byte) (int, error) {
	if !c.leaving.Load() || c.asked {
		return c.Conn.Write(b)
	}
	away, begin, end := pingAfterGoAway(b)
	if begin == end {
		return c.Conn.Write(b)
	}
	c.asked = true
	if n, err := c.Conn.Write(b[:away]); err != nil {
		return n, err
	}
	awaitRead(c.Conn)
	if n, err := c.Conn.Write(b[away:begin]); err != nil {
		return away + n, err
	}
	n, err := c.Conn.Write(b[end:])
	return end + n, err
}

// mostUnread is how long the other end of a connection may take to read what was written, and
// afterRead how long it is left to stop reading.
const (
	mostUnread = time.Second
	afterRead  = 20 * time.Millisecond
)

// pingAfterGoAway returns where the frame goAway begins, and where the PING after it is; nowhere:
// there is none.
func pingAfterGoAway(b []byte) (away, begin, end int) {
	away = bytes.Index(b, goAway) - 3
	if away < 0 {
		return 0, 0, 0
	}
	begin = away + 9 + int(b[away])<<16 + int(b[away+1])<<8 + int(b[away+2])
	end = begin + len(ping) + 8
	if len(b) < end || !bytes.HasPrefix(b[begin:], ping) {
		return 0, 0, 0
	}
	return away, begin, end
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
