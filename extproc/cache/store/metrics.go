package store

import (
	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// layer is where entries are kept: a closed set.
type layer string

const (
	inMemory layer = "memory"
	inRedis  layer = "redis"
)

// result says what came of looking an entry up: a closed set.
type result string

const (
	hit        result = "hit"
	miss       result = "miss"
	purged     result = "purged"     // it was there, but purged
	unreadable result = "unreadable" // something was there
	timeout    result = "timeout"    // no answer in time
	failed     result = "failed"
	lost       result = "lost" // Redis was not asked, because it is lost
	left       result = "left" // who asked has left
)

var results = map[layer][]result{
	inMemory: {hit, miss, purged},
	inRedis:  {hit, miss, purged, unreadable, timeout, failed, lost, left},
}

// cause says why an entry is no more in memory: a closed set.
type cause string

const (
	overflow cause = "overflow" // there was no room
	expired  cause = "expired"
	replaced cause = "replaced" // by another one of its key
	forgot   cause = "purged"
)

func causeOf(c otter.DeletionCause) cause {
	switch c {
	case otter.CauseOverflow:
		return overflow
	case otter.CauseExpiration:
		return expired
	case otter.CauseReplacement:
		return replaced
	case otter.CauseInvalidation:
	}
	return forgot
}

type metrics struct {
	lookups map[layer]map[result]prometheus.Counter
	evicted map[cause]prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *Stores) *metrics {
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_lookups_total",
		Help: "Look-ups of entries, by where and by what came of them."}, []string{"store", "result"})
	evicted := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_evictions_total",
		Help: "Entries that memory has dropped, by why."}, []string{"cause"})
	reg.MustRegister(lookups, evicted,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_cache_store_entries",
			Help: "Entries in memory."}, func() float64 { return float64(s.memory.cache.EstimatedSize()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_cache_store_bytes",
			Help: "Bytes that entries take in memory."}, func() float64 { return float64(s.memory.cache.WeightedSize()) }))
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_cache_store_purges",
		Help: "Purges to which entries are held."}, func() float64 { return float64(s.purges.len()) }))
	m := &metrics{lookups: map[layer]map[result]prometheus.Counter{}, evicted: map[cause]prometheus.Counter{}}
	for l, all := range results {
		m.lookups[l] = map[result]prometheus.Counter{}
		for _, r := range all {
			m.lookups[l][r] = lookups.WithLabelValues(string(l), string(r))
		}
	}
	for _, c := range []cause{overflow, expired, replaced, forgot} {
		m.evicted[c] = evicted.WithLabelValues(string(c))
	}
	return m
}
