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

// network stands between Envoy and a provider at one address, and breaks as networks do.
type network struct {
	t       *testing.T
	to      string
	address *net.TCPAddr

	mu       sync.Mutex
	listener net.Listener
	conns    []*net.TCPConn
	frozen   chan struct{} // closed when nothing is passed on any more
	ended    chan struct{} // closed when the test is over
}

// startNetwork passes connections on until the test ends.
func startNetwork(t *testing.T, to string) *network {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, to: to, address: l.Addr().(*net.TCPAddr), listener: l, frozen: make(chan struct{}), ended: make(chan struct{})}
	go n.accept(l)
	t.Cleanup(func() {
		close(n.ended)
		n.drop()
	})
	return n
}

func (n *network) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", n.to)
		if err != nil {
			n.t.Errorf("dialling the provider: %v", err)
			return
		}
		n.mu.Lock()
		n.conns = append(n.conns, client.(*net.TCPConn), server.(*net.TCPConn))
		n.mu.Unlock()
		go n.pass(client, server)
		go n.pass(server, client)
	}
}

// pass copies one direction, and holds what it has when the network freezes.
func (n *network) pass(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		size, err := from.Read(buf)
		select {
		case <-n.frozen:
			<-n.ended
			return
		default:
		}
		if size > 0 {
			if _, err := to.Write(buf[:size]); err != nil {
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
func (n *network) drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.listener.Close()
	for _, c := range n.conns {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	n.conns = nil
}

// refuse makes the address one that refuses connections.
func (n *network) refuse() { n.drop() }

// freeze lets all connections be, old and new, with nothing passed on either way.
func (n *network) freeze() { close(n.frozen) }

// blackhole makes the address one that answers no SYN: its queue of connections that
// nobody accepts is full, so that the kernel drops what comes.
func (n *network) blackhole() {
	n.drop()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		n.t.Error(os.NewSyscallError("socket", err))
		return
	}
	n.t.Cleanup(func() { _ = syscall.Close(fd) })
	err = errors.Join(
		os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)),
		os.NewSyscallError("bind", syscall.Bind(fd, &syscall.SockaddrInet4{Port: n.address.Port, Addr: [4]byte(n.address.IP.To4())})),
		os.NewSyscallError("listen", syscall.Listen(fd, 0)))
	if err != nil {
		n.t.Error(err)
		return
	}
	dialler := net.Dialer{Timeout: 100 * time.Millisecond}
	for range 10 {
		c, err := dialler.DialContext(context.Background(), "tcp", n.address.String())
		if err != nil {
			if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
				n.t.Errorf("dialling a black hole: %v, want a timeout", err)
			}
			return
		}
		n.t.Cleanup(func() { _ = c.Close() })
	}
	n.t.Error("the queue of connections has no end")
}
