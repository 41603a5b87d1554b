package advice

import (
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/loopback"
)

// plainKeys warns if what clients prove by who they are crosses a network that may be read.
func plainKeys(set *policy.Set) []Advice {
	at := set.Listen
	if at.TLS.On() || loopback.IP(at.Address.Addr()) || !keysCome(set) {
		return nil
	}
	return []Advice{give(KeysInPlain, "listen", "say listen: {address: ..., tls: {cert: FILE, key: FILE}}, unless what stands before the gateway ends TLS next to it",
		"clients send their keys to %s over plain HTTP: whoever can read that network has them", at.Address)}
}

// keysCome reports whether clients send anything secret.
func keysCome(set *policy.Set) bool {
	if len(set.Callers) > 0 || set.ManagedKeys {
		return true
	}
	for _, b := range set.Backends {
		if b.FromCaller {
			return true
		}
	}
	return false
}

// pagesOfAnybody warns if any page that somebody opens may ask without a key: from a browser it
// reaches a gateway on loopback, too.
func pagesOfAnybody(set *policy.Set) []Advice {
	if !set.CORS.Anybody() || set.HasCallers() && !set.Anonymous {
		return nil
	}
	return []Advice{give(PagesOfAnybody, "cors.origins", "name the origins of your pages, or callers without anonymous: true",
		"pages of every origin may ask, and no key is needed: whatever page is opened where the gateway is reached spends on its credentials")}
}
