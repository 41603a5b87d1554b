package limit

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy"
)

// metrics count what limits do. Labels come from the policy and from closed sets, never from
// callers.
type metrics struct {
	admitted      *prometheus.CounterVec
	over          *prometheus.CounterVec
	claim, settle prometheus.Observer
	lost          *prometheus.CounterVec
	tokens, usd   steps
}

// steps are the counters of one unit, by what became of it.
type steps struct{ reserved, settled, overshoot prometheus.Counter }

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		admitted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_limit_admitted_total",
			Help: "Requests that their quotas let pass, by the caller's tier."}, []string{"tier"}),
		over: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_limit_exceeded_total",
			Help: "Limits that did not suffice for a request, by whose they are, what they count and whether they refuse."}, []string{"tier", "of", "unit", "mode"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_limit_store_errors_total",
			Help: "Calls of the store of balances that failed."}, []string{"call"}),
	}
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_limit_store_seconds",
		Help: "Time that the store of balances takes for one call.", Buckets: storeSeconds}, []string{"call"})
	amounts := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_limit_tokens_total",
		Help: "Tokens that were reserved before calls, that were settled after them, and by which a settlement exceeded what was reserved."}, []string{"step"})
	money := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_limit_usd_total",
		Help: "USD that were reserved before calls, that were settled after them, and by which a settlement exceeded what was reserved."}, []string{"step"})
	reg.MustRegister(m.admitted, m.over, m.lost, seconds, amounts, money)
	m.claim, m.settle = seconds.WithLabelValues("claim"), seconds.WithLabelValues("settle")
	m.tokens, m.usd = stepsOf(amounts), stepsOf(money)
	return m
}

// storeSeconds are bounds of seconds: from a map in memory to a store across a network.
var storeSeconds = []float64{0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 1}

func stepsOf(v *prometheus.CounterVec) steps {
	return steps{v.WithLabelValues("reserved"), v.WithLabelValues("settled"), v.WithLabelValues("overshoot")}
}

// exceeded counts a request of a tier for which a bound did not suffice.
func (m *metrics) exceeded(tier string, b *bound) {
	mode := policy.QuotaEnforce
	if b.Shadow {
		mode = policy.QuotaShadow
	}
	m.over.WithLabelValues(tier, string(b.owner), unitNames[b.unit], string(mode)).Inc()
}

// settle counts what a request took in the end, beside what was reserved for it.
func (s *steps) settle(used, reserved, scale float64) {
	s.settled.Add(used / scale)
	s.overshoot.Add(max(used-reserved, 0) / scale)
}
