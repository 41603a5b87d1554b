package shared

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy"
)

// reason says why a claim was decided without Redis: a redis.Reason, or reasonLost.
type reason string

// reasonLost: Redis was not asked, because it is lost.
const reasonLost reason = "lost"

type metrics struct {
	fallbacks *prometheus.CounterVec
	dropped   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *Stores) *metrics {
	m := &metrics{
		fallbacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_ledger_fallbacks_total",
			Help: "Claims that were decided without Redis, by why it did not decide and what the policy says then."}, []string{"reason", "when_lost"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_ledger_dropped_total",
			Help: "Settlements that were never handed in to Redis."}),
	}
	reg.MustRegister(m.fallbacks, m.dropped,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_ledger_lost",
			Help: "How many Redis that the policies name are lost."}, s.count(func(one *server) int {
			if one.outage.lost.Load() {
				return 1
			}
			return 0
		})),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_ledger_owed",
			Help: "Settlements, and sums of them by limit, that are not handed in to Redis yet."}, s.count(func(one *server) int {
			return one.queue.len() + one.debts.Len()
		})))
	for _, r := range redis.Reasons {
		m.count(reason(r))
	}
	m.count(reasonLost)
	return m
}

// count has a reason counted from 0.
func (m *metrics) count(r reason) {
	for _, w := range []policy.WhenLost{policy.WhenLostLocal, policy.WhenLostOpen, policy.WhenLostClosed} {
		m.fallbacks.WithLabelValues(string(r), string(w))
	}
}

// count sums over the servers in use.
func (s *Stores) count(of func(*server) int) func() float64 {
	return func() (sum float64) {
		for _, one := range s.list() {
			sum += float64(of(one))
		}
		return sum
	}
}
