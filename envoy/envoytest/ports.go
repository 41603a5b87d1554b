package envoytest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// Ports are given out in blocks, of which each test process claims its own: tests of
// several packages run side by side, and one must not take the port that another is
// about to listen on, or has left free on purpose. All are below the range from which
// systems take ports for outgoing connections.
const (
	firstPort = 10_000
	perBlock  = 200
	blocks    = 100
)

var ports struct {
	sync.Mutex
	next, end int // of the block that this process gives out
	claims    []net.Listener
}

// FreePort returns a port of 127.0.0.1 that nothing listens on now, another one each
// time, and none that another test process gets.
func FreePort(t testing.TB) uint16 {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for {
		if ports.next == ports.end {
			claim(t)
		}
		port := ports.next
		ports.next++
		if l, err := listen(port); err == nil {
			_ = l.Close()
			return uint16(port)
		}
	}
}

// claim takes a block by listening on its first port for as long as the process runs.
func claim(t testing.TB) {
	t.Helper()
	begin := rand.IntN(blocks)
	for i := range blocks {
		first := firstPort + (begin+i)%blocks*perBlock
		if l, err := listen(first); err == nil {
			ports.claims = append(ports.claims, l)
			ports.next, ports.end = first+1, first+perBlock
			return
		}
	}
	t.Fatal("every block of ports is taken")
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}
