package guard

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
)

// metrics count what guards make of exchanges. Labels are names of the policy and closed sets.
type metrics struct {
	verdicts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headgate_guard_verdicts_total", Help: "What guards made of requests and answers.",
		}, []string{"guard", "kind", "direction", "mode", "action", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headgate_guard_seconds", Help: "How long guards took for one request, or for one answer.",
			Buckets: []float64{.00001, .00005, .0001, .0005, .001, .005, .025, .1, .5, 2, 10},
		}, []string{"guard", "kind", "direction"}),
	}
	reg.MustRegister(m.verdicts, m.seconds)
	return m
}

// count counts what came of a guard.
func (m *metrics) count(n *exchange.Guarded) {
	direction := "input"
	if n.Output {
		direction = "output"
	}
	m.verdicts.WithLabelValues(n.Guard, n.Kind, direction, string(n.Mode), n.Action, string(n.Result)).Inc()
	if n.Nanos > 0 { // of a stream only what asking others took is known
		m.seconds.WithLabelValues(n.Guard, n.Kind, direction).Observe(time.Duration(n.Nanos).Seconds())
	}
}
