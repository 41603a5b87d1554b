package extproc

import (
	"net"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	"github.com/vishvananda/netlink"
)

// closing bounds what ends a connection, in bytes: no client holds up so little.
const closing = 1 << 10

// unread reports whether bytes of an answer wait for its client to take them. Envoy's words do not
// distinguish a client that stops reading from a provider that falls silent, because Envoy stops
// reading, too. Over HTTP/2 its numbers do: of what it has written as the answer, not all has gone
// out, with its headers and frames.
func unread(e *alsdatav3.HTTPAccessLogEntry) bool {
	c := e.GetCommonProperties()
	if e.GetProtocolVersion() <= alsdatav3.HTTPAccessLogEntry_HTTP11 {
		return queued(c.GetDownstreamLocalAddress(), c.GetDownstreamDirectRemoteAddress())
	}
	return e.GetResponse().GetResponseBodyBytes() > uint64(c.GetDownstreamWireBytesSent())
}

// queued reports whether bytes that Envoy has sent on a connection are still there. The kernel knows,
// and is asked about the one connection, and only of this machine: false says nothing.
func queued(local, remote *corev3.Address) bool {
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
