package record

import (
	"github.com/prometheus/client_golang/prometheus"
)

// seconds are the bounds of durations: doubling from 10 ms as OpenTelemetry
// advises, with the 10 s and 30 s that alerts and timeouts speak of.
var seconds = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10, 20.48, 30, 40.96, 81.92, 163.84}

// Metrics are the counters of exchanges. Labels come from the policy and from
// closed sets, never from callers or providers.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	first    *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	cost     *prometheus.CounterVec
	unpriced *prometheus.CounterVec
	endings  *prometheus.CounterVec
	lost     prometheus.Counter
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_requests_total",
			Help: "Exchanges that ended, by model, backend, outcome and who failed."}, []string{"model", "backend", "outcome", "by", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_request_duration_seconds",
			Help: "Time from the request's headers to the end of the exchange.", Buckets: seconds}, []string{"model", "stream"}),
		first: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_time_to_first_token_seconds",
			Help: "Time from the request's headers to the first token, or to the whole JSON answer.", Buckets: seconds}, []string{"model", "stream"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_tokens_total",
			Help: "Tokens consumed, in disjoint kinds, as the provider reports them or as estimated."}, []string{"model", "backend", "kind", "source"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cost_usd_total",
			Help: "Cost of exchanges in USD. The access records are the truth; this drifts at restarts."}, []string{"model", "backend"}),
		unpriced: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_unpriced_total",
			Help: "Exchanges that consumed tokens for which no price is known."}, []string{"model", "backend"}),
		endings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_endings_total",
			Help: "Unclean endings, by whether Envoy's account of them came."}, []string{"account"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_access_records_lost_total",
			Help: "Access records that could not be written."}),
	}
	reg.MustRegister(m.requests, m.duration, m.first, m.tokens, m.cost, m.unpriced, m.endings, m.lost)
	m.endings.WithLabelValues("joined")
	m.endings.WithLabelValues("missing")
	return m
}

func (m *Metrics) count(r *Row) {
	m.requests.WithLabelValues(r.Route, r.Backend, r.Outcome, r.By, r.Reason).Inc()
	stream := "false"
	if r.Stream {
		stream = "true"
	}
	m.duration.WithLabelValues(r.Route, stream).Observe(r.DurationMS / 1000)
	if r.FirstTokenMS != nil {
		m.first.WithLabelValues(r.Route, stream).Observe(*r.FirstTokenMS / 1000)
	}
	if r.Tokens == nil {
		return
	}
	for _, t := range []struct {
		kind string
		n    int64
	}{
		{"input", r.Tokens.Input}, {"cache_read", r.Tokens.CacheRead}, {"cache_write_5m", r.Tokens.CacheWrite5m},
		{"cache_write_1h", r.Tokens.CacheWrite1h}, {"audio_input", r.Tokens.AudioInput}, {"output", r.Tokens.Output},
		{"reasoning", r.Tokens.Reasoning}, {"audio_output", r.Tokens.AudioOutput},
	} {
		if t.n > 0 {
			m.tokens.WithLabelValues(r.Route, r.Backend, t.kind, r.UsageSource).Add(float64(t.n))
		}
	}
	if r.CostNano != nil {
		m.cost.WithLabelValues(r.Route, r.Backend).Add(float64(*r.CostNano) / 1e9)
	} else {
		m.unpriced.WithLabelValues(r.Route, r.Backend).Inc()
	}
}
