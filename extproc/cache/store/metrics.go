package store

import (
	"errors"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/redis"
)

// layer is where entries are kept: a closed set.
type layer string

const (
	inMemory layer = "memory"
	inRedis  layer = "redis"
)

// result says what came of looking an entry up: one of these, or in Redis a redis.Reason.
type result string

const (
	hit        result = "hit"
	miss       result = "miss"
	purged     result = "purged"     // it was there, but purged
	unreadable result = "unreadable" // something was there
	lost       result = "lost"       // Redis was not asked, because it is lost
	starting   result = "starting"   // nor was it, because what is purged is not known yet
	left       result = "left"       // who asked has left
)

var results = map[layer][]result{
	inMemory: {hit, miss, purged},
	inRedis:  {hit, miss, purged, unreadable, lost, starting, left},
}

// what is written to Redis: a closed set.
type what string

const (
	entries  what = "entry"
	messages what = "message" // of the feed
)

// reason says why something was not written: one of these, or a redis.Reason.
type reason string

const (
	noPlace    reason = "queue"   // too much waited already
	reasonLost reason = "lost"    // Redis is lost
	noRoom     reason = "room"    // Redis' memory is needed for other things
	invalid    reason = "invalid" // it cannot be encoded: a text in it is not UTF-8
)

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
	lookups  map[layer]map[result]prometheus.Counter
	evicted  map[cause]prometheus.Counter
	unread   map[unread]prometheus.Counter
	dropped  map[what]map[reason]prometheus.Counter
	heard    prometheus.Counter
	sweeps   *prometheus.CounterVec
	sweptOff prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *Stores) *metrics {
	m := &metrics{
		lookups: map[layer]map[result]prometheus.Counter{}, evicted: map[cause]prometheus.Counter{},
		unread: map[unread]prometheus.Counter{}, dropped: map[what]map[reason]prometheus.Counter{},
		heard: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_cache_store_feed_entries_total",
			Help: "Entries that the feed in Redis said are there, this pair's own included."}),
		sweeps: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_sweeps_total",
			Help: "Sweeps of Redis for what was purged, by how they ended."}, []string{"result"}),
		sweptOff: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_cache_store_swept_entries_total",
			Help: "Entries that sweeps have deleted from Redis."}),
	}
	reg.MustRegister(m.heard, m.sweeps, m.sweptOff)
	m.countMemory(reg, s)
	m.countRedis(reg, s)
	return m
}

func (m *metrics) countMemory(reg prometheus.Registerer, s *Stores) {
	evicted := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_evictions_total",
		Help: "Entries that memory has dropped, by why."}, []string{"cause"})
	reg.MustRegister(evicted,
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_entries", Help: "Entries in memory."}, func() int64 { return int64(s.memory.cache.EstimatedSize()) }),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_bytes", Help: "Bytes that entries take in memory."}, func() int64 { return int64(s.memory.cache.WeightedSize()) }),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_max_bytes", Help: "Bytes that entries may take in memory."}, func() int64 { return int64(s.memory.cache.GetMaximum()) }),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_purges", Help: "Purges that entries are held to."}, func() int64 { return int64(s.purges.len()) }))
	for _, c := range []cause{overflow, expired, replaced, forgot} {
		m.evicted[c] = evicted.WithLabelValues(string(c))
	}
}

func (m *metrics) countRedis(reg prometheus.Registerer, s *Stores) {
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_lookups_total",
		Help: "Look-ups of entries, by where and by what came of them."}, []string{"store", "result"})
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_dropped_total",
		Help: "Entries, and messages of the feed, that were not written to Redis, by why."}, []string{"what", "reason"})
	unread := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_store_unreadable_total",
		Help: "What was found in Redis and ignored, by what is wrong with it."}, []string{"kind"})
	reg.MustRegister(lookups, dropped, unread,
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_redis_lost", Help: "How many Redis that the policies name are lost to the cache."}, s.sum(func(one *server) int64 { return count(one.breaker.lost()) })),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_redis_full", Help: "How many Redis need the rest of their memory for other things."}, s.sum(func(one *server) int64 { return count(one.full.Load()) })),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_queue_entries", Help: "Entries that wait to be written to Redis."}, s.sum(func(one *server) int64 { return one.queue.n.Load() })),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_store_queue_bytes", Help: "Bytes of the entries that wait to be written to Redis."}, s.sum(func(one *server) int64 { return one.queue.bytes.Load() })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_cache_store_feed_lag_seconds",
			Help: "How old the newest message is that was read from the feed in Redis, as long as there are others to read; 0: there are none."}, func() float64 {
			return time.Duration(s.sum(func(one *server) int64 { return one.feed.lag.Load() })()).Seconds()
		}))
	for l, all := range results {
		m.lookups[l] = map[result]prometheus.Counter{}
		for _, r := range all {
			m.lookups[l][r] = lookups.WithLabelValues(string(l), string(r))
		}
	}
	for _, r := range redis.Reasons {
		m.lookups[inRedis][result(r)] = lookups.WithLabelValues(string(inRedis), string(r))
	}
	for _, w := range []what{entries, messages} {
		m.dropped[w] = map[reason]prometheus.Counter{}
		for _, r := range append([]reason{noPlace, reasonLost, noRoom, invalid}, reasonsOf(redis.Reasons)...) {
			m.dropped[w][r] = dropped.WithLabelValues(string(w), string(r))
		}
	}
	for _, u := range unreads {
		m.unread[u] = unread.WithLabelValues(string(u))
	}
	for _, r := range []string{"done", "failed"} {
		m.sweeps.WithLabelValues(r)
	}
}

func reasonsOf(all []redis.Reason) (reasons []reason) {
	for _, r := range all {
		reasons = append(reasons, reason(r))
	}
	return reasons
}

func gauge(o prometheus.GaugeOpts, value func() int64) prometheus.Collector {
	return prometheus.NewGaugeFunc(o, func() float64 { return float64(value()) })
}

// count counts what holds.
func count(holds bool) int64 {
	if holds {
		return 1
	}
	return 0
}

// drop counts what is not written.
func (m *metrics) drop(w what, why reason, n int) { m.dropped[w][why].Add(float64(n)) }

// unreadable counts what is not read. The error is an unread.
func (m *metrics) unreadable(why error) {
	kind := corrupt
	errors.As(why, &kind)
	m.unread[kind].Inc()
}

// swept counts a sweep.
func (m *metrics) swept(err error, entries int64) {
	ended := "done"
	if err != nil {
		ended = "failed"
	}
	m.sweeps.WithLabelValues(ended).Inc()
	m.sweptOff.Add(float64(entries))
}
