package caller

import (
	"context"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// visitor is a visit to a gateway that only this machine reaches and that needs no key: whatever a
// web page has a browser send reaches it, too.
type visitor struct {
	exchange.Idle
	set *policy.Set
}

// Headers implements exchange.Visit.
func (v visitor) Headers(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	origin := string(req.Headers.Get("origin"))
	authority := string(req.Headers.Get(":authority"))
	switch {
	case origin != "" && v.set.CORS.Allows(origin):
		return exchange.Verdict{}, nil
	case !v.set.AsksAs(authority):
		return notHere("This gateway is not asked by this host: ask by localhost or 127.0.0.1, or name the host in hosts of the policy."), nil
	case crossSite(string(req.Headers.Get("sec-fetch-site")), origin, authority):
		return notHere("Pages of other sites may not ask this gateway: name the origin of the page in cors of the policy."), nil
	}
	return exchange.Verdict{}, nil
}

// crossSite reports whether a browser sends a request for a page that is not the gateway's own
// (W3C Fetch Metadata, 2.3). Browsers that do not say so send an Origin with what is not only read
// (Fetch, 3.1); other clients send neither.
func crossSite(site, origin, authority string) bool {
	switch site {
	case "same-origin", "none":
		return false
	case "":
		return origin != "" && origin != "http://"+authority && origin != "https://"+authority
	}
	return true
}

func notHere(message string) exchange.Verdict {
	return exchange.Denied(403, exchange.ReasonSite, message)
}
