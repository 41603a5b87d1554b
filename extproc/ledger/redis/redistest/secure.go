package redistest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// Front ends TLS before a server, as services that run Redis do: the tests' own has no TLS.
type Front struct {
	Addr string // localhost, because certificates have names

	listener net.Listener
	mu       sync.Mutex
	conns    map[net.Conn]struct{}
}

// newFront listens with a certificate of an authority that the process trusts.
func newFront(t testing.TB) *Front {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{trusted.issue(t)}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	f := &Front{Addr: net.JoinHostPort("localhost", port), listener: l, conns: map[net.Conn]struct{}{}}
	t.Cleanup(f.close)
	return f
}

// serve passes connections on to a server.
func (f *Front) serve(addr string) {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		f.join(client, server)
	}
}

// join copies both ways until either end closes.
func (f *Front) join(client, server net.Conn) {
	f.mu.Lock()
	f.conns[client], f.conns[server] = struct{}{}, struct{}{}
	f.mu.Unlock()
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = errors.Join(client.Close(), server.Close())
		f.mu.Lock()
		delete(f.conns, from)
		f.mu.Unlock()
	}
	go pass(server, client)
	go pass(client, server)
}

func (f *Front) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.Close()
	}
}

// StartSecure starts a server that is reached over TLS, and returns the address for a URL of
// rediss.
func StartSecure(t testing.TB) (s *Server, addr string) {
	t.Helper()
	f := newFront(t)
	s = Start(t)
	go f.serve(s.Addr)
	return s, f.Addr
}

// StartSecureCluster starts a cluster whose nodes say that they are reached over TLS.
func StartSecureCluster(t testing.TB) (c *Cluster, addr string) {
	t.Helper()
	var fronts []*Front
	c = startCluster(t, func() []string {
		f := newFront(t)
		fronts = append(fronts, f)
		host, port, _ := net.SplitHostPort(f.Addr)
		return []string{"--cluster-announce-port", port, "--cluster-announce-hostname", host, "--cluster-preferred-endpoint-type", "hostname"}
	})
	for i, n := range c.Nodes {
		go fronts[i].serve(n.Addr)
	}
	return c, fronts[0].Addr
}
