package caller

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// hop finds callers by the headers of a hop that the policy trusts.
type hop struct{ policy.Trusted }

// caller is who asks as the hop says it; nil: the hop does not say, or it is not the hop that is
// connected. The verdict refuses what may not be the hop's own words.
func (h *hop) caller(said exchange.Headers, ex *exchange.Exchange) (*exchange.Caller, exchange.Verdict) {
	if !h.On() || !h.connected(ex) {
		return nil, exchange.Verdict{}
	}
	who := exchange.Caller{Hop: true}
	for _, w := range [...]struct {
		header string
		to     *string
	}{{h.Caller, &who.Name}, {h.User, &who.User}, {h.Team, &who.Team}, {h.Tier, &who.Tier}} {
		var clear bool
		if *w.to, clear = word(said, w.header); !clear {
			return nil, denied(fmt.Sprintf("The header %s must have one value of up to %d bytes in UTF-8, without a comma.", w.header, exchange.MaxText))
		}
	}
	if who.Name == "" {
		return nil, exchange.Verdict{}
	}
	return &who, exchange.Verdict{}
}

// connected reports whether the hop is at the other end of the connection. What a request says of
// the way that it came does not count.
func (h *hop) connected(ex *exchange.Exchange) bool {
	if slices.Contains(h.Certificates, ex.Certificate) {
		return true
	}
	peer, err := netip.ParseAddrPort(ex.Peer)
	if err != nil {
		return false
	}
	addr := peer.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(h.Networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// word is what a hop says in a header; empty: nothing. It is not clear if there are several
// values, of which one may be that of the hop's own client: a proxy on the way may have joined
// them by a comma. Nor is it if it had to be cut, which would make one of two callers.
func word(said exchange.Headers, header string) (text string, clear bool) {
	if header == "" {
		return "", true
	}
	var value []byte
	found := false
	for i := range said {
		if said[i].Name != header {
			continue
		}
		if found {
			return "", false
		}
		value, found = said[i].Value, true
	}
	value = bytes.TrimSpace(value)
	return string(value), len(value) <= exchange.MaxText && utf8.Valid(value) && bytes.IndexByte(value, ',') < 0
}
