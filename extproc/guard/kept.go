package guard

import (
	"github.com/headgate/headgate/extproc/exchange"
)

// mayLook refuses what guards of answers would have to look at and cannot: a response that its
// provider keeps is judged as a whole, as it is read, and neither its stream nor the items that it
// was asked with, which may be those of answers before it.
func (p *plan) mayLook(req *exchange.Request) exchange.Verdict {
	unseen := req.Operation == exchange.InputItems || req.Operation == exchange.GetResponse && req.Stream
	if !unseen {
		return exchange.Verdict{}
	}
	for _, g := range p.output {
		if g.acts() {
			return exchange.Denied(403, exchange.ReasonUnguarded, "What this model says is looked at by the gateway's guard "+g.Name+", which cannot look at this: read the response as a whole, without stream.")
		}
	}
	return exchange.Verdict{}
}

// looks reports whether guards look at what comes back for a request.
func looks(req *exchange.Request) bool {
	switch req.Operation {
	case exchange.Chat, exchange.CancelResponse:
		return true
	case exchange.GetResponse:
		return !req.Stream
	default:
		return false
	}
}
