package detector

import "github.com/prometheus/client_golang/prometheus"

// metrics count calls. Labels are names of guards, which come from the policy, and closed sets.
type metrics struct {
	calls      *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	remembered *prometheus.CounterVec
}

// callSeconds are bounds of seconds: from a process on the same machine to a model far away.
var callSeconds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_detector_calls_total",
			Help: "Calls of remote detectors, by guard and by how they ended; open: not asked, because the last ones failed."}, []string{"guard", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_detector_call_seconds",
			Help: "Time that calls of remote detectors take, by guard.", Buckets: callSeconds}, []string{"guard"}),
		remembered: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_detector_remembered_total",
			Help: "Texts that a remote detector was not asked about, because its answer to the same text was remembered, by guard."}, []string{"guard"}),
	}
	reg.MustRegister(m.calls, m.seconds, m.remembered)
	return m
}

// guardMetrics are those of one guard.
type guardMetrics struct {
	calls      map[Result]prometheus.Counter
	seconds    prometheus.Observer
	remembered prometheus.Counter
}

func (m *metrics) of(guard string) *guardMetrics {
	g := &guardMetrics{map[Result]prometheus.Counter{}, m.seconds.WithLabelValues(guard), m.remembered.WithLabelValues(guard)}
	for _, r := range []Result{OK, Refused, Timeout, Open, Failed} {
		g.calls[r] = m.calls.WithLabelValues(guard, string(r))
	}
	return g
}

// count counts how a call ended and returns its error as a Failure.
func (g *guardMetrics) count(err error) error {
	r := ResultOf(err)
	g.calls[r].Inc()
	if err == nil {
		return nil
	}
	return &Failure{Result: r, err: err}
}
