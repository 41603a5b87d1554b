package extproc

import (
	"net"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/vishvananda/netlink"
)

// closing bounds what ends a connection, in bytes: no client holds up so little.
const closing = 1 << 10

// unread reports whether bytes that Envoy has sent on a connection wait for its client to take
// them. Envoy's account does not distinguish a client that stops reading from a provider that
// falls silent, because Envoy stops reading, too; the kernel knows. It is asked about the one
// connection, and only of this machine: false says nothing.
func unread(local, remote *corev3.Address) bool {
	from, to := tcpAddr(local), tcpAddr(remote)
	if from == nil || to == nil {
		return false
	}
	s, err := netlink.SocketGet(from, to)
	return err == nil && s.WQueue > closing
}

func tcpAddr(a *corev3.Address) *net.TCPAddr {
	s := a.GetSocketAddress()
	if ip := net.ParseIP(s.GetAddress()); ip != nil {
		return &net.TCPAddr{IP: ip, Port: int(s.GetPortValue())}
	}
	return nil
}
