package policy

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/strict"
)

// AnyHost stands for all hosts.
const AnyHost = "*"

var hostsSection = section{fields: []strict.Member[document]{
	strict.Bind("hosts", func(d *document) *[]string { return &d.Hosts }, strict.List(1, 100, hostName)).Absent("localhost, loopback addresses and the address of listen").
		Doc(`Names, without a port, by which clients may ask a gateway that listens on loopback and has no callers, beside localhost, the addresses of loopback and that of listen; "*" stands for all. Other hosts are refused: a web page can point a name of its own at this machine. Elsewhere it says nothing.`).
		Example(`hosts: [headgate, host.docker.internal]`),
}}

var (
	hostName     = lowerCase().Matching(hostNameText, `must be the name or the address of a host, without a port, or "*"`)
	hostNameText = regexp.MustCompile(`^(\*|[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?)$`)
)

// Private reports whether only this machine reaches the gateway, and nobody there says who asks.
// Then a browser's requests are judged by where they come from: see AsksAs and CORS.Allows.
func (s *Set) Private() bool { return loopback.IP(s.Listen.Address.Addr()) && !s.HasCallers() }

// AsksAs reports whether a private gateway may be asked by the name of a Host header, with or
// without a port. A request that names none is no browser's.
func (s *Set) AsksAs(authority string) bool {
	host := authority
	if h, _, err := net.SplitHostPort(authority); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	switch {
	case loopback.Host(host), host == s.Listen.Address.Addr().String(), host == NoHost, authority == "":
		return true
	}
	return slices.ContainsFunc(s.Hosts, func(h string) bool { return h == AnyHost || strings.Trim(h, "[]") == host })
}

// Allows reports whether pages of an origin may ask.
func (c CORS) Allows(origin string) bool {
	origin = strings.ToLower(origin)
	return slices.ContainsFunc(c.Origins, func(o string) bool {
		scheme, domain, below := strings.Cut(o, "://*.")
		if !below {
			return o == AnyOrigin || o == origin
		}
		host, ok := strings.CutPrefix(origin, scheme+"://")
		name, under := strings.CutSuffix(host, "."+domain)
		return ok && under && belowDomain.MatchString(name)
	})
}

// belowDomain are the names before a domain.
var belowDomain = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
