package meter

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
)

// metrics count the prices that are no list's, and what providers say against those that are.
// Labels come from the policy and from closed sets.
type metrics struct {
	assumed *prometheus.CounterVec
	charges *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		assumed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_assumed_prices_total",
			Help: "Answers in a service tier or at a speed for which no list has a price of their model."}, []string{"backend"}),
		charges: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_provider_costs_total",
			Help: "Answers with the provider's own cost, by what became of that."}, []string{"backend", "result"}),
	}
	reg.MustRegister(m.assumed, m.charges)
	return m
}

// count counts an answer once.
func (m *metrics) count(backend string, u *canon.Usage, c *exchange.Cost) {
	if c.Assumed {
		m.assumed.WithLabelValues(backend).Inc()
	}
	if u.Charge != (canon.Charge{}) {
		m.charges.WithLabelValues(backend, string(resultOf(u.Charge, c))).Inc()
	}
}

// result is what became of a provider's own cost.
type result string

const (
	taken result = "taken" // no price is known, so it is the cost
	same  result = "same"  // it is the cost by the known price, up to a hundredth
	other result = "other" // it differs by more; the known price counts
	unfit result = "unfit" // it cannot be, and was ignored
)

func resultOf(charge canon.Charge, c *exchange.Cost) result {
	switch {
	case charge.Unfit:
		return unfit
	case c.PriceID == price.ByProvider:
		return taken
	}
	if diff := charge.Nano - c.Nano; max(diff, -diff) > max(charge.Nano, c.Nano)/100+1 {
		return other
	}
	return same
}
