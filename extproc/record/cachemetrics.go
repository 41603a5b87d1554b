package record

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/interval"
	"github.com/headgate/headgate/policy/policypb"
)

// cacheMetrics count what the cache made of exchanges. They are safe for concurrent use.
type cacheMetrics struct {
	requests  *prometheus.CounterVec
	notStored *prometheus.CounterVec
	usd       *prometheus.CounterVec
	seconds   *prometheus.CounterVec
	verified  *prometheus.CounterVec
	wrong     *wrongHits
}

func newCacheMetrics(reg prometheus.Registerer) *cacheMetrics {
	m := &cacheMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_requests_total",
			Help: "Exchanges by what came of looking for an answer in the cache."}, []string{"model", "result"}),
		notStored: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_not_stored_total",
			Help: "Answers that the cache did not keep, by why."}, []string{"model", "reason"}),
		usd: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_saved_usd_total",
			Help: "What answers from the cache cost in USD when they were first given."}, []string{"model"}),
		seconds: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_saved_seconds_total",
			Help: "By how much sooner answers from the cache were there than when they were first given."}, []string{"model"}),
		verified: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_verified_total",
			Help: "Hits that were asked anew, by kind and by whether both answers say the same."}, []string{"model", "kind", "verdict"}),
		wrong: &wrongHits{of: make(map[hits]*verdicts)},
	}
	reg.MustRegister(m.requests, m.notStored, m.usd, m.seconds, m.verified, m.wrong)
	return m
}

// take counts a row.
func (m *cacheMetrics) take(r *policypb.Row) {
	c, model := r.Cache, r.Route
	if c == nil {
		return
	}
	m.requests.WithLabelValues(model, c.Result).Inc()
	if c.NotStored != "" {
		m.notStored.WithLabelValues(model, c.NotStored).Inc()
	}
	if exchange.CacheResult(c.Result).Given() {
		m.usd.WithLabelValues(model).Add(float64(c.GetSavedNanoUsd()) / 1e9)
		m.seconds.WithLabelValues(model).Add(seconds(c.SavedNanos))
	}
	if c.Verdict != "" {
		kind := kindOf(c)
		m.verified.WithLabelValues(model, kind, c.Verdict).Inc()
		m.wrong.add(hits{model, kind}, exchange.CacheVerdict(c.Verdict))
	}
}

// kindOf is the kind of a hit: those whose question was compared are not mixed with those to equal
// requests, which are hardly ever wrong.
func kindOf(c *policypb.CacheUse) string {
	if c.Similarity != nil {
		return "semantic"
	}
	return "exact"
}

// wrongHits is the share of hits that were wrong, of those that were asked anew since the process
// began, with the interval in which the true share lies. It is safe for concurrent use.
type wrongHits struct {
	mu sync.Mutex
	of map[hits]*verdicts
}

// hits are those of one kind to a model.
type hits struct{ model, kind string }

type verdicts struct{ other, all int64 }

func (w *wrongHits) add(of hits, v exchange.CacheVerdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[of] == nil {
		w.of[of] = &verdicts{}
	}
	w.of[of].all++
	if v == exchange.CacheOther {
		w.of[of].other++
	}
}

var wrongHitRatio = prometheus.NewDesc("headgate_cache_wrong_hit_ratio",
	"Share of the hits that were asked anew whose fresh answer says something else, since the process began, and the bounds of its 95 % interval (Wilson). Of models with such hits alone.",
	[]string{"model", "kind", "bound"}, nil)

// Describe implements prometheus.Collector.
func (w *wrongHits) Describe(to chan<- *prometheus.Desc) { to <- wrongHitRatio }

// Collect implements prometheus.Collector.
func (w *wrongHits) Collect(to chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for of, v := range w.of {
		low, high := interval.Wilson(v.other, v.all)
		for bound, ratio := range map[string]float64{"low": low, "point": float64(v.other) / float64(v.all), "high": high} {
			to <- prometheus.MustNewConstMetric(wrongHitRatio, prometheus.GaugeValue, ratio, of.model, of.kind, bound)
		}
	}
}
