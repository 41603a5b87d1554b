package policy

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/strict"
)

// listen reads where the gateway listens. Beyond loopback it must be said twice,
// because a policy of version 1 names no callers.
func (c *compiler) listen(o *strict.Given) {
	c.set.Anonymous = o.Flag("anonymous")
	p, given := o.Get("listen")
	if !given {
		c.set.Listen, _ = parseListen(o.Of.Field("listen").Default)
		return
	}
	text, ok := c.Text(p, o.Of.Field("listen").Type)
	if !ok {
		return
	}
	addr, problem := parseListen(text)
	switch {
	case problem != "":
		c.Fault(p, `such as "127.0.0.1:8080"`, "%s, is %s", problem, strict.Quote(text))
	case !loopback.IP(addr.Addr()) && !c.set.Anonymous:
		c.Fault(p, "listen on 127.0.0.1, or say anonymous: true", "%s is beyond loopback and no callers are configured: whoever reaches it would spend on your credentials", addr.Addr())
	}
	c.set.Listen = addr
}

// ParseListen reads an address as the policy's listen is read: host:port, of an IP
// address or localhost.
func ParseListen(text string) (netip.AddrPort, error) {
	addr, problem := parseListen(text)
	if problem != "" {
		return netip.AddrPort{}, fmt.Errorf("%s, is %s", problem, strict.Quote(text))
	}
	return addr, nil
}

// parseListen reads host:port, and says what is wrong with it.
func parseListen(text string) (netip.AddrPort, string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, "must be host:port"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return netip.AddrPort{}, "the port must be from 1 to 65535"
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return netip.AddrPort{}, "the host must be an IP address or localhost"
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ""
}
