package limit

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// used is what an exchange took.
type used struct{ requests, tokens, nano int64 }

func (u *used) of(unit unit) int64 {
	switch unit {
	case requests:
		return u.requests
	case tokens:
		return u.tokens
	default:
		return u.nano
	}
}

// End implements exchange.Visit. It settles the claim.
func (v *visit) End(exchange.Outcome) {
	if !v.claimed {
		return
	}
	s, m := v.stage, v.stage.kind.metrics
	took := v.used()
	amounts := make([]int64, len(v.bounds))
	for i, b := range v.bounds {
		amounts[i] = took.of(b.unit)
	}
	began := time.Now()
	err := s.store.Settle(context.Background(), &v.claim, amounts)
	m.settle.Observe(time.Since(began).Seconds())
	if err != nil {
		m.lost.WithLabelValues("settle").Inc()
	}
	m.tokens.settle(float64(took.tokens), float64(v.estimate.tokens()), 1)
	m.usd.settle(float64(took.nano), float64(v.estimate.nano), 1e9)
	if u := &v.ex.Usage; u.Source == canon.UsageProvider && v.estimate.bytes > 0 {
		v.model.seen.note(v.estimate.bytes, u)
	}
}

// used is what the exchange took: what was reported or estimated of every attempt that a
// provider charges for. Where a provider was asked and nothing is known of what it did, that is
// the estimate. What never left took no tokens and no money, and a fault of the gateway's own
// nothing at all.
func (v *visit) used() used {
	ex := v.ex
	if r := &ex.Refused; r.Action != exchange.Pass {
		if r.Action == exchange.Deny && r.Status >= 500 {
			return used{}
		}
		return used{requests: 1}
	}
	u := used{requests: 1}
	v.charge(&u, &ex.Usage, &ex.Cost)
	if !ex.Route.Single {
		for _, t := range ex.Attempts.List() {
			if t.Spent != nil {
				v.charge(&u, &t.Spent.Usage, &t.Spent.Cost)
			}
		}
	}
	if ex.Usage.Source == "" && v.unseen() {
		u.tokens += v.estimate.tokens()
		u.nano += v.estimate.nano
	}
	return u
}

// charge adds a usage. One that has no price costs what the dearest use of the chain does: it is
// never free.
func (v *visit) charge(u *used, by *canon.Usage, cost *exchange.Cost) {
	if by.Source == "" || by.Source == canon.UsageCached {
		return
	}
	input, output := by.TotalInput(), by.TotalOutput()
	nano := cost.Nano
	if !cost.Priced {
		nano, _ = v.model.price(v.ex, input, output, v.stage.kind.now())
	}
	u.tokens, u.nano = u.tokens+input+output, u.nano+nano
}

// unseen reports whether a provider may have answered what nobody has read: the exchange broke
// off before, or no answer came in time.
func (v *visit) unseen() bool {
	resp := &v.ex.Response
	return v.ex.Unseen != nil && (!resp.Complete || resp.Origin == exchange.FromEnvoy && resp.Status == 504)
}
