package policy

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/strict"
)

// listenSection says where the gateway listens. Beyond loopback whoever may ask must be said,
// or that everybody may.
var listenSection = section{
	fields: []strict.Member[document]{
		strict.Bind("listen", func(d *document) *Listen { return &d.Listen }, listen).
			Default(Listen{Address: defaultListen}).
			Doc("Address and port that clients connect to, or an object that says how, too. An address beyond loopback needs callers, or anonymous: true.").
			Example(`listen: "127.0.0.1:8080"`),
		strict.Bind("anonymous", func(d *document) *bool { return &d.Anonymous }, strict.Switch()).Default(false).
			Doc("Serve requests without a key although the policy has callers, or beyond loopback although it has none: whoever reaches the address spends on your credentials.").
			Example(`anonymous: true`),
	},
	check: (*compiler).checkListen,
}

// Listen is where clients connect, and how.
type Listen struct {
	Address netip.AddrPort
	TLS     TLS // the zero value: plain HTTP
}

// URL is where clients that reach the address find the gateway.
func (l Listen) URL() string {
	if l.TLS.On() {
		return "https://" + l.Address.String()
	}
	return "http://" + l.Address.String()
}

var defaultListen = netip.MustParseAddrPort("127.0.0.1:8080")

// address is what a listen that is a text says.
var address = strict.Form(readListen, netip.AddrPort.String)

var listen = strict.Either(
	strict.As(address, func(a netip.AddrPort, l *Listen) { *l = Listen{Address: a} }, func(l *Listen) (netip.AddrPort, bool) {
		return l.Address, !l.TLS.On()
	}),
	strict.Itself(strict.NewObject(
		strict.Bind("address", func(l *Listen) *netip.AddrPort { return &l.Address }, address).Default(defaultListen).
			Doc("Address and port. The host is an IP address or localhost.").
			Example(`address: "0.0.0.0:8443"`),
		strict.Bind("tls", func(l *Listen) *TLS { return &l.TLS }, listenTLS).Absent("plain HTTP").
			Doc("Certificate that the gateway shows, and whose certificates it takes from clients. With it, plain HTTP is not served: TLS 1.2 and later, HTTP/2 and HTTP/1.1.").
			Example(`tls: {cert: /run/tls/tls.crt, key: /run/tls/tls.key}`),
	).Check(func(_ *strict.Reader, g *strict.Given, l *Listen) {
		if !g.Has("tls") {
			l.TLS = TLS{}
		}
	})),
)

// checkListen refuses an address beyond loopback that anonymous does not allow.
func (c *compiler) checkListen() {
	at, ok := c.Given.At("listen")
	if ok && !c.Given.Faulty("anonymous") && !loopback.IP(c.doc.Listen.Address.Addr()) && !c.doc.Anonymous && !c.doc.HasCallers() {
		c.Fault(at, "listen on 127.0.0.1, name callers, or say anonymous: true", "%s is beyond loopback and no callers are configured: whoever reaches it would spend on your credentials", c.doc.Listen.Address.Addr())
	}
}

func readListen(r *strict.Reader, at strict.Place, text string) (netip.AddrPort, bool) {
	addr, err := ParseListen(text)
	if err != nil {
		r.Fault(at, `such as "127.0.0.1:8080"`, "%v", err)
	}
	return addr, err == nil
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
