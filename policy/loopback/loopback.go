// Package loopback decides, for the whole program, what only this machine can reach:
// there a port may be served without a sign-in, and dialled without TLS.
//
// The trap: of all names only localhost counts, and no resolver is asked. Another name
// may lead to this machine today and elsewhere tomorrow, and its owner says where.
package loopback

import (
	"net"
	"net/netip"
	"strings"
)

// IP reports whether an address is one of loopback, even if it is an IPv4 address
// written as IPv6. The unspecified address, 0.0.0.0 or ::, is not: to listen there is to
// listen everywhere.
func IP(ip netip.Addr) bool { return ip.Unmap().IsLoopback() }

// Host reports whether a host is localhost or an address of loopback, which may stand in
// brackets as in a URL.
func Host(host string) bool {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && IP(ip)
}

// Authority reports Host of a Host header, with or without a port. A page of another site may name
// a host of its own that leads to this machine; that one is none.
func Authority(text string) bool {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	return Host(text)
}

// HostPort reports Host of an address with a port, such as 127.0.0.1:80 or [::1]:80. It
// is an error if the text is not of that form.
func HostPort(text string) (bool, error) {
	host, _, err := net.SplitHostPort(text)
	return err == nil && Host(host), err
}
