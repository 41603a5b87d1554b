package limit

import (
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// model is what estimates go by.
type model struct {
	seen   *seen
	uses   []policy.Use
	prices *price.Catalogue
	spares bool          // what a wildcard has no price of is not asked
	keep   time.Duration // how long a claim is kept that nobody settles
}

// How long a claim is kept: as long as its exchange may take, and a little longer.
const (
	keepUnbounded = 10 * time.Minute // where nothing bounds the exchange
	keepLonger    = 5 * time.Second
)

func newModel(m *policy.Model, set *policy.Set, s *seen) *model {
	keep := keepUnbounded
	if m.Total > 0 {
		keep = m.Total + keepLonger
	}
	return &model{seen: s, uses: m.Uses(), prices: set.Prices, spares: m.Wildcard && set.Unpriced == policy.UnpricedRefuse, keep: keep}
}

// estimate is what a request will take.
type estimate struct {
	bytes         int64 // that a model reads
	input, output int64 // tokens
	nano          int64
	unpriced      bool // a use has no price
	guessed       bool // the client does not bound its answer
}

// tokens is what the estimate holds in all.
func (e *estimate) tokens() int64 { return e.input + e.output }

// estimate estimates the tokens of a request: its input by what a token of the model's has been
// so far, its answer by the length that few of them exceed, or by the client's own bound.
func (m *model) estimate(req *exchange.Request) (e estimate) {
	if req.Operation.Free() {
		return e
	}
	e.bytes = scan.Written(req.Body)
	e.input, e.output = m.seen.estimate(e.bytes)
	switch {
	case req.Operation != exchange.Chat:
		e.output = 0
	case req.MaxTokens > 0:
		e.output = min(e.output, req.MaxTokens)
	default:
		e.guessed = true
	}
	e.output = min(e.output, canon.MaxBucket) * min(max(int64(req.Choices), 1), canon.MaxBucket)
	e.input, e.output = min(e.input, canon.MaxBucket), min(e.output, canon.MaxBucket)
	return e
}

// price prices tokens at the dearest use of the chain. It reports whether all uses have a price: of
// a wildcard those that may be asked for the name.
func (m *model) price(ex *exchange.Exchange, input, output int64, now time.Time) (nano int64, priced bool) {
	priced = true
	for i := range m.uses {
		u := &m.uses[i]
		rate, ok := m.prices.Look(u.Backend.Provider.Name, u.Backend.Name, ex.Asks(u.Model), now)
		if !ok {
			priced = priced && m.spares && u.Wild()
			continue
		}
		p := rate.For(input)
		cost := price.Pico(input)*p.Input + price.Pico(output)*p.Output
		nano = max(nano, int64((cost+999)/1000))
	}
	return nano, priced
}
