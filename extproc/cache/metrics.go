package cache

import "github.com/prometheus/client_golang/prometheus"

// metrics are what rows do not say.
type metrics struct {
	embedded prometheus.Histogram
	renewed  [renewals]prometheus.Counter
}

// renewal is what came of giving an entry another vector.
type renewal int

const (
	renewDone renewal = iota
	renewDropped
	renewFailed
	renewals
)

func newMetrics(reg prometheus.Registerer, f *flights) *metrics {
	m := &metrics{embedded: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "headgate_cache_embed_seconds", Help: "How long the vector of a question took.",
		Buckets: []float64{1e-6, 1e-5, 1e-4, 1e-3, .01, .1, 1, 10},
	})}
	renewed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "headgate_cache_renewed_total", Help: "Entries whose vectors another embedder had made, by what came of making another one.",
	}, []string{"result"})
	for i, result := range [renewals]string{renewDone: "done", renewDropped: "dropped", renewFailed: "failed"} {
		m.renewed[i] = renewed.WithLabelValues(result)
	}
	reg.MustRegister(m.embedded, renewed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headgate_cache_waiting_requests", Help: "Requests that wait for the answer to an equal one.",
	}, func() float64 { return float64(f.waits()) }))
	return m
}
