package extproc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// nearBound is from which part of a breaker's bound on the log says that it is near, in percent.
const nearBound = 80

// underWay counts the exchanges of one model that are under way, beside what its breaker lets its pool
// have: beyond that Envoy refuses. It outlives policies and is safe for concurrent use.
type underWay struct {
	model   string
	now     func() time.Time
	log     *zap.Logger
	gauge   prometheus.Gauge
	refused prometheus.Counter
	count   atomic.Int64
	bound   atomic.Int64 // of the policy taken in last

	near, full seldom // of the log
}

// enter counts an exchange.
func (u *underWay) enter() {
	u.gauge.Inc()
	n, bound := u.count.Add(1), u.bound.Load()
	if n*100 >= bound*nearBound && u.near.due(u.now()) {
		u.log.Warn("a model has nearly as many requests under way as its breaker lets: raise breaker of the model in the policy",
			zap.String("model", u.model), zap.Int64("requests", n), zap.Int64("bound", bound))
	}
}

// leave has an exchange not count any more.
func (u *underWay) leave() {
	u.gauge.Dec()
	u.count.Add(-1)
}

// refuse counts an exchange that Envoy has refused because of the breaker.
func (u *underWay) refuse() {
	u.refused.Inc()
	if u.full.due(u.now()) {
		u.log.Warn("a breaker refuses requests: raise breaker of the model in the policy",
			zap.String("model", u.model), zap.Int64("requests", u.count.Load()), zap.Int64("bound", u.bound.Load()))
	}
}

// allUnderWay has the counts of all models.
type allUnderWay struct {
	metrics *Metrics
	log     *zap.Logger
	now     func() time.Time

	mu  sync.Mutex
	all map[string]*underWay // by model
}

// of returns the counts of a policy's models, which take its bounds.
func (a *allUnderWay) of(set *policy.Set) map[string]*underWay {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := make(map[string]*underWay, len(set.Models))
	for name, m := range set.Models {
		u := a.all[name]
		if u == nil {
			u = &underWay{model: name, now: a.now, log: a.log, gauge: a.metrics.requests.WithLabelValues(name), refused: a.metrics.breakers.WithLabelValues(name)}
			a.all[name] = u
		}
		bound := m.Concurrency()
		u.bound.Store(bound)
		a.metrics.requestsBound.WithLabelValues(name).Set(float64(bound))
		of[name] = u
	}
	return of
}
