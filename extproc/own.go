package extproc

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// claimOwn finds out whether the exchange is a call of the gateway's own. One that says so and is
// not is refused: a call whose caller has given up must not go on as a client's.
func (r *run) claimOwn() exchange.Verdict {
	token := r.ex.Request.Headers.Get(policy.OwnHeader)
	if token == nil {
		return exchange.Verdict{}
	}
	if r.ex.Own = r.own.Claim(token, r.ex.ID); r.ex.Own == nil {
		return exchange.Denied(401, exchange.ReasonKey, "The header "+policy.OwnHeader+" is for the gateway's own calls, of which this is none.")
	}
	return exchange.Verdict{}
}
