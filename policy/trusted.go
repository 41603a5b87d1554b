package policy

import (
	"net/netip"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// Trusted is a hop before the gateway whose headers say who asks. The zero value: there is none.
type Trusted struct {
	Networks     []netip.Prefix // that its connections come from
	Certificates []string       // or the names in its client certificate
	Caller       string         // the header that names the caller, in lower case, as are the others
	User         string         // empty, as of the others: there is none
	Team         string
	Tier         string
}

// On reports whether the policy trusts a hop.
func (t Trusted) On() bool { return t.Caller != "" }

var trustedSection = section{
	fields: []strict.Member[document]{
		strict.Bind("trusted", func(d *document) *Trusted { return &d.Trusted }, trusted).Absent("no hop is trusted").
			Doc("A hop before the gateway, such as that of a mesh, whose headers say who asks. They are believed if its connection comes from one of the networks, or shows one of the certificates; otherwise they say nothing. The hop must remove these headers from what its own clients send. A known key stands above them.").
			Example(`trusted: {networks: [10.1.0.0/16], caller: x-mesh-caller, tier: x-mesh-tier}`),
	},
	check: (*compiler).checkTrusted,
}

var trusted = strict.NewObject(
	strict.Bind("networks", func(t *Trusted) *[]netip.Prefix { return &t.Networks }, strict.List(1, 100, network)).Absent("none").
		Doc("Networks that the hop's connections come from. What counts is the address of the connection itself, and never x-forwarded-for.").
		Example(`networks: [10.1.0.0/16]`),
	strict.Bind("certificates", func(t *Trusted) *[]string { return &t.Certificates }, strict.List(1, 100, strict.Text().Matching(certificateName, certificateRule))).Absent("none").
		Doc("Names in the hop's client certificate, which listen.tls.client_ca verifies: its first URI; without any, its first DNS name; without that, the common name of its subject.").
		Example(`certificates: [mesh-gateway]`),
	strict.Bind("caller", func(t *Trusted) *string { return &t.Caller }, trustedHeader).Required().
		Doc("Header that names the caller. A request without it is that of anybody.").
		Example(`caller: x-mesh-caller`),
	strict.Bind("user", func(t *Trusted) *string { return &t.User }, trustedHeader).Absent("whom a request names").
		Doc("Header that names the user to whom a request is charged.").
		Example(`user: x-mesh-user`),
	strict.Bind("team", func(t *Trusted) *string { return &t.Team }, trustedHeader).Absent("whom a request names").
		Doc("Header that names the team whose quota the caller shares.").
		Example(`team: x-mesh-team`),
	strict.Bind("tier", func(t *Trusted) *string { return &t.Tier }, trustedHeader).Absent("none").
		Doc("Header that names the tier whose quota the caller has. A tier that the policy does not have is refused.").
		Example(`tier: x-mesh-tier`),
).Check(checkHop)

// trustedHeader reads the name of a header. Case means nothing in it.
var trustedHeader = lowerCase().Matching(headerName, headerNameRule)

// placedHop is where the certificates and the tier of a trusted hop stand.
type placedHop struct{ certificates, tier strict.Place }

// checkHop refuses a hop that nothing identifies, and headers that cannot be its own.
func checkHop(r *strict.Reader, g *strict.Given, t *Trusted) {
	if !g.Has("networks") && !g.Has("certificates") {
		r.Fault(g.Place(), "add networks: [10.1.0.0/16], or certificates: [NAME]", "a hop is trusted by its network or by its certificate: without either anybody could send its headers")
	}
	named := map[string]string{}
	for _, h := range []struct{ key, name string }{{"caller", t.Caller}, {"user", t.User}, {"team", t.Team}, {"tier", t.Tier}} {
		at, ok := g.At(h.key)
		if !ok || h.name == "" {
			continue
		}
		if why := notOfAHop(h.name); why != "" {
			r.Fault(at, "such as x-mesh-"+h.key, "header %s %s", strict.Quote(h.name), why)
		} else if other := named[h.name]; other != "" {
			r.Fault(at, "", "header %s is that of the %s, too", strict.Quote(h.name), other)
		}
		named[h.name] = h.key
	}
	var p placedHop
	p.certificates, _ = g.At("certificates")
	p.tier, _ = g.At("tier")
	r.Note(p)
}

// notOfAHop says why a header can say nothing of a hop's callers; empty: it can.
func notOfAHop(name string) string {
	for prefix, why := range map[string]string{HeaderPrefix: "is the gateway's own", EnvoyPrefix: "is Envoy's own", "x-forwarded-": "is Envoy's to set"} {
		if strings.HasPrefix(name, prefix) {
			return why
		}
	}
	switch name {
	case "authorization", "x-api-key", "api-key", "cookie":
		return "carries keys"
	case "anthropic-beta", "anthropic-version", "openai-beta", "user-agent":
		return "leaves for providers"
	}
	if reservedHeaders[name] != "" {
		return "has a meaning in HTTP"
	}
	return ""
}

// network reads the addresses that a hop's connections come from.
var network = strict.Form(readNetwork, netip.Prefix.String)

// The largest networks for private use are 10.0.0.0/8 (RFC 1918) and fc00::/7 (RFC 4193). What is
// larger holds addresses of strangers.
const (
	minBits4 = 8
	minBits6 = 7
)

func readNetwork(r *strict.Reader, at strict.Place, text string) (netip.Prefix, bool) {
	n, err := netip.ParsePrefix(text)
	if addr, bare := netip.ParseAddr(text); err != nil && bare == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		r.Fault(at, "write "+netip.PrefixFrom(addr, addr.BitLen()).String(), "a network has a length, is %s", strict.Quote(text))
		return n, false
	}
	least := minBits4
	if n.Addr().Is6() {
		least = minBits6
	}
	switch {
	case err != nil:
		r.Fault(at, "such as 10.1.0.0/16", "a network is an address and a length, is %s", strict.Quote(text))
	case n.Addr().Is4In6():
		r.Fault(at, "write it as IPv4, such as 10.1.0.0/16", "%s is IPv4 within IPv6", n)
	case n.Bits() < least:
		r.Fault(at, "name the network of the hop alone, such as 10.1.0.0/16", "%s holds addresses of strangers, who could say that they are anybody: the largest network that may be trusted has the length /%d", n, least)
	case n != n.Masked():
		r.Fault(at, "write "+n.Masked().String(), "%s is an address within a network", n)
	default:
		return n, true
	}
	return n, false
}

// checkTrusted refuses certificates that no hop can show, and a tier if there are none.
func (c *compiler) checkTrusted() {
	for _, p := range strict.Notes[placedHop](c.Reader) {
		if len(c.doc.Trusted.Certificates) > 0 && c.doc.Listen.TLS.ClientCA == "" && !c.Given.Faulty("listen") {
			c.Fault(p.certificates, "say listen: {tls: {client_ca: FILE}}", "clients are asked for no certificate")
		}
		if c.doc.Trusted.Tier != "" && len(c.doc.Tiers) == 0 && !c.Given.Faulty("tiers") {
			c.Fault(p.tier, "add tiers: {free: {rpm: 10}}", "the policy has no tiers")
		}
	}
}
