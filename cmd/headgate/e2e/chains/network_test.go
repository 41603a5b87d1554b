package chains

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// relay stands between Envoy and a provider at one address, and breaks as networks do.
type relay struct {
	t       *testing.T
	to      string
	address *net.TCPAddr

	mu       sync.Mutex
	listener net.Listener
	conns    []*net.TCPConn
	frozen   chan struct{} // closed when nothing is passed on any more
	ended    chan struct{} // closed when the test is over
}

// startRelay passes connections on until the test ends.
func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, to: to, address: l.Addr().(*net.TCPAddr), listener: l, frozen: make(chan struct{}), ended: make(chan struct{})}
	go r.accept(l)
	t.Cleanup(func() {
		close(r.ended)
		r.drop()
	})
	return r
}

func (r *relay) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			r.t.Errorf("dialling the provider: %v", err)
			return
		}
		r.mu.Lock()
		r.conns = append(r.conns, client.(*net.TCPConn), server.(*net.TCPConn))
		r.mu.Unlock()
		go r.pass(client, server)
		go r.pass(server, client)
	}
}

// pass copies one direction, and holds what it has when the relay freezes.
func (r *relay) pass(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-r.frozen:
			<-r.ended
			return
		default:
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.(*net.TCPConn).CloseWrite()
			}
			return
		}
	}
}

// drop ends the listener, and every connection by a reset.
func (r *relay) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.listener.Close()
	for _, c := range r.conns {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	r.conns = nil
}

// refuse makes the address one that refuses connections.
func (r *relay) refuse() { r.drop() }

// freeze lets all connections be, old and new, with nothing passed on either way.
func (r *relay) freeze() { close(r.frozen) }

// blackhole makes the address one that answers no SYN: its queue of connections that
// nobody accepts is full, so that the kernel drops what comes.
func (r *relay) blackhole() {
	r.drop()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		r.t.Error(os.NewSyscallError("socket", err))
		return
	}
	r.t.Cleanup(func() { _ = syscall.Close(fd) })
	err = errors.Join(
		os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)),
		os.NewSyscallError("bind", syscall.Bind(fd, &syscall.SockaddrInet4{Port: r.address.Port, Addr: [4]byte(r.address.IP.To4())})),
		os.NewSyscallError("listen", syscall.Listen(fd, 0)))
	if err != nil {
		r.t.Error(err)
		return
	}
	dialler := net.Dialer{Timeout: 100 * time.Millisecond}
	for range 10 {
		c, err := dialler.DialContext(context.Background(), "tcp", r.address.String())
		if err != nil {
			if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
				r.t.Errorf("dialling a black hole: %v, want a timeout", err)
			}
			return
		}
		r.t.Cleanup(func() { _ = c.Close() })
	}
	r.t.Error("the queue of connections has no end")
}
