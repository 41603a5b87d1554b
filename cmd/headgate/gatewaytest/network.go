package gatewaytest

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Network is what stands between a gateway and a provider: an address that leads to a
// server, and that breaks as networks do. The address stays the same.
type Network struct {
	Addr string // host:port

	t       testing.TB
	server  string // host:port
	mu      sync.Mutex
	lis     net.Listener
	plug    []func() // what keeps a full backlog full
	conns   map[*net.TCPConn]bool
	thawed  chan struct{} // closed while bytes pass
	running sync.WaitGroup
}

// StartNetwork passes connections on until the test ends.
func StartNetwork(t testing.TB, server string) *Network {
	t.Helper()
	return StartNetworkAt(t, "127.0.0.1:0", server)
}

// StartNetworkAt is StartNetwork at an address.
func StartNetworkAt(t testing.TB, address, server string) *Network {
	t.Helper()
	n := &Network{t: t, server: server, Addr: address, conns: map[*net.TCPConn]bool{}, thawed: closed()}
	n.Up()
	t.Cleanup(func() {
		n.thaw()
		n.Refuse()
		n.running.Wait()
	})
	return n
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Up takes connections, and passes bytes.
func (n *Network) Up() {
	n.t.Helper()
	n.thaw()
	n.unplug()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lis != nil {
		return
	}
	lis, err := net.Listen("tcp", n.Addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.lis, n.Addr = lis, lis.Addr().String()
	n.running.Go(func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			n.running.Go(func() { n.serve(conn) })
		}
	})
}

// Refuse refuses connections, and resets those that are open.
func (n *Network) Refuse() {
	n.unplug()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lis != nil {
		_ = n.lis.Close()
		n.lis = nil
	}
	for c := range n.conns {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	clear(n.conns)
}

// Freeze stops all bytes, of connections that are open and of those that come.
func (n *Network) Freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.thawed = make(chan struct{})
}

func (n *Network) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.thawed:
	default:
		close(n.thawed)
	}
}

// flows waits until bytes pass.
func (n *Network) flows() {
	n.mu.Lock()
	thawed := n.thawed
	n.mu.Unlock()
	<-thawed
}

func (n *Network) serve(client net.Conn) {
	server, err := net.Dial("tcp", n.server)
	if err != nil {
		_ = client.Close()
		return
	}
	n.mu.Lock()
	gone := n.lis == nil
	if !gone {
		n.conns[client.(*net.TCPConn)], n.conns[server.(*net.TCPConn)] = true, true
	}
	n.mu.Unlock()
	if gone {
		_ = client.Close()
		_ = server.Close()
		return
	}
	n.running.Go(func() { n.pass(server, client) })
	n.pass(client, server)
}

// half ends one direction of a connection.
func half(c net.Conn) error { return c.(*net.TCPConn).CloseWrite() }

// pass passes bytes on until one of the connections ends, and then ends the other one.
func (n *Network) pass(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		size, err := from.Read(buffer)
		n.flows()
		if size > 0 {
			_, failed := to.Write(buffer[:size])
			err = errors.Join(err, failed)
		}
		if errors.Is(err, io.EOF) && half(to) == nil {
			return // the other direction may still go on
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}

// Blackhole lets connections begin and never answers the first packet of any: a socket that
// nobody accepts from, whose backlog is full. The kernel drops what comes then. Those that
// are open are reset.
func (n *Network) Blackhole() {
	n.t.Helper()
	n.Refuse()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	addr, err := net.ResolveTCPAddr("tcp", n.Addr)
	if err != nil {
		n.t.Fatal(err)
	}
	at := &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}
	err = errors.Join(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1), syscall.Bind(fd, at), syscall.Listen(fd, 0))
	if err != nil {
		n.t.Fatal(err)
	}
	n.plug = append(n.plug, func() { _ = syscall.Close(fd) })
	for range 64 { // one more than the backlog holds is enough; how many that is the kernel decides
		conn, err := net.DialTimeout("tcp", n.Addr, 200*time.Millisecond)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return
		}
		if err != nil {
			n.t.Fatal(err)
		}
		n.plug = append(n.plug, func() { _ = conn.Close() })
	}
	n.t.Fatal("the backlog takes all that comes")
}

func (n *Network) unplug() {
	for _, end := range n.plug {
		end()
	}
	n.plug = nil
}
