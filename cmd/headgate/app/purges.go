package app

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/purge"
)

// purger forgets, on a control plane's behalf, what was found out here and what is in the cache.
type purger struct {
	kinds   []extproc.Kind
	resets  *prometheus.CounterVec
	entries prometheus.Counter
	log     *zap.Logger

	mu   sync.Mutex
	done map[string]time.Time // ids of purges of entries, and their moments
}

func newPurger(kinds []extproc.Kind, reg prometheus.Registerer, log *zap.Logger) *purger {
	p := &purger{kinds: kinds, log: log, done: map[string]time.Time{},
		resets: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_backend_resets_total",
			Help: "Times that what was found out of a backend was forgotten, because an operator said so."}, []string{"backend"}),
		entries: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_cache_purges_total",
			Help: "Purges of entries in the cache that are in effect here, or were."})}
	reg.MustRegister(p.resets, p.entries)
	return p
}

// forget forgets what was found out of a backend, and returns how many things there were.
func (p *purger) forget(backend string) (things int) {
	things = extproc.Forget(p.kinds, backend)
	p.resets.WithLabelValues(backend).Inc()
	p.log.Info("what was found out of a backend is forgotten: an operator has reset it", zap.String("backend", backend), zap.Int("things", things))
	return things
}

// purge forgets entries of the cache that were stored before a purge was ordered, by the clock of
// this process, and returns how many there were in memory. A control plane sends all purges again
// as a pair is linked: what is done is not done again.
func (p *purger) purge(e *pairpb.Entries, now time.Time) (entries int) {
	of := store.Purge{
		ID: e.GetPurge(), At: now.Add(-time.Duration(e.GetAgeNanos())), IDs: e.GetIds(),
		Caller: e.GetCaller(), Team: e.GetTeam(), Model: e.GetModel(), Prompt: e.GetPrompt(), Tag: e.GetTag(),
	}
	if !p.isNew(of.ID, of.At, now) {
		return 0
	}
	entries = extproc.Purge(p.kinds, of)
	p.entries.Inc()
	p.log.Info("entries of the cache are forgotten: an operator has purged them", zap.String("purge", of.ID), zap.Time("before", of.At), zap.Int("entries", entries))
	return entries
}

// isNew reports whether a purge is not done yet, and takes note that it is.
func (p *purger) isNew(id string, at, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, done := p.done[id]; done {
		return false
	}
	maps.DeleteFunc(p.done, func(_ string, at time.Time) bool { return now.Sub(at) > purge.Life })
	p.done[id] = at
	return true
}
