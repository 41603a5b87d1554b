package record

import (
	"net/netip"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// clientAddress is the IP address of an exchange's client, as far as the policy has it recorded;
// empty: it does not, or the address is not known. Envoy appends the other end of the connection to
// x-forwarded-for, so what the proxies before it have appended stands to its left.
func clientAddress(ex *exchange.Exchange, p policy.Records) string {
	peer, err := netip.ParseAddrPort(ex.Peer)
	if !p.ClientAddress || err != nil {
		return ""
	}
	said := strings.Split(string(ex.Request.Headers.Get("x-forwarded-for")), ",")
	if at := len(said) - 1 - p.ForwardedHops; p.ForwardedHops > 0 && at >= 0 {
		return addressIn(strings.TrimSpace(said[at]))
	}
	return plain(peer.Addr())
}

// addressIn reads an address, with or without a port; empty: it is none.
func addressIn(text string) string {
	if a, err := netip.ParseAddrPort(text); err == nil {
		return plain(a.Addr())
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return ""
	}
	return plain(a)
}

// plain writes an address without what only this machine understands.
func plain(a netip.Addr) string { return a.Unmap().WithZone("").String() }
