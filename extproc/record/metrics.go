package record

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy/policypb"
)

// buckets are the bounds of durations: doubling from 10 ms as OpenTelemetry
// advises, with the 10 s and 30 s that alerts and timeouts speak of.
var buckets = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10, 20.48, 30, 40.96, 81.92, 163.84}

var _ Sink = (*Metrics)(nil)

// Metrics is the sink that counts exchanges. Labels come from the policy, from the names of keys
// and from closed sets, never from requests or providers. It is safe for concurrent use.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	first    *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	cost     *prometheus.CounterVec
	unpriced *prometheus.CounterVec
	cache    *cacheMetrics
	tries    *tryMetrics
	callers  *callerMetrics
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_requests_total",
			Help: "Exchanges that ended, by model, backend, outcome and who failed."}, []string{"model", "backend", "outcome", "by", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_request_duration_seconds",
			Help: "Time from the request's headers to the end of the exchange.", Buckets: buckets}, []string{"model", "stream"}),
		first: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_time_to_first_token_seconds",
			Help: "Time from the request's headers to the first token, or to the whole JSON answer.", Buckets: buckets}, []string{"model", "stream"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_tokens_total",
			Help: "Tokens consumed, in disjoint kinds, as the provider reports them or as estimated."}, []string{"model", "backend", "kind", "source"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cost_usd_total",
			Help: "Cost of exchanges in USD. The access records are the truth; this drifts at restarts."}, []string{"model", "backend"}),
		unpriced: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_unpriced_total",
			Help: "Answers, and attempts that gave none, which consumed tokens for which no price is known."}, []string{"model", "backend"}),
	}
	reg.MustRegister(m.requests, m.duration, m.first, m.tokens, m.cost, m.unpriced)
	m.cache, m.tries, m.callers = newCacheMetrics(reg), newTryMetrics(reg), newCallerMetrics(reg)
	return m
}

// Take implements Sink. It drops nothing.
func (m *Metrics) Take(r *policypb.Row) {
	m.requests.WithLabelValues(r.Route, r.Backend, r.Outcome, r.By, r.Reason).Inc()
	stream := strconv.FormatBool(r.Stream)
	m.duration.WithLabelValues(r.Route, stream).Observe(seconds(r.DurationNanos))
	if r.FirstTokenNanos != nil {
		m.first.WithLabelValues(r.Route, stream).Observe(seconds(*r.FirstTokenNanos))
	}
	m.cache.take(r)
	m.tries.take(r)
	m.callers.take(r)
	m.consumed(r.Route, r.Backend, r)
	for _, a := range r.Tried {
		m.consumed(r.Route, a.Backend, a)
	}
}

// consumer is a row, or an attempt in it.
type consumer interface {
	GetTokens() *policypb.Tokens
	GetUsageSource() string
	GetUnpriced() bool
	GetCostNanoUsd() int64
}

// consumed counts what an answer, or an attempt that gave none, consumed at a backend.
func (m *Metrics) consumed(model, backend string, c consumer) {
	t := c.GetTokens()
	if t == nil || given(c) {
		return
	}
	m.addTokens(model, backend, c.GetUsageSource(), t)
	if c.GetUnpriced() {
		m.unpriced.WithLabelValues(model, backend).Inc()
		return
	}
	m.cost.WithLabelValues(model, backend).Add(float64(c.GetCostNanoUsd()) / 1e9)
}

func (m *Metrics) addTokens(model, backend, source string, t *policypb.Tokens) {
	for _, bucket := range []struct {
		kind string
		n    int64
	}{
		{"input", t.Input}, {"cache_read", t.CacheRead}, {"cache_write_5m", t.CacheWrite_5M}, {"cache_write_1h", t.CacheWrite_1H},
		{"audio_input", t.AudioInput}, {"output", t.Output}, {"reasoning", t.Reasoning}, {"audio_output", t.AudioOutput},
	} {
		if bucket.n > 0 {
			m.tokens.WithLabelValues(model, backend, bucket.kind, source).Add(float64(bucket.n))
		}
	}
}

func seconds(nanos int64) float64 { return time.Duration(nanos).Seconds() }
