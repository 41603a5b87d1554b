package index

import "github.com/prometheus/client_golang/prometheus"

// cause says why a vector was dropped: a closed set.
type cause string

// The causes.
const (
	overflow cause = "overflow" // there was no room
	expired  cause = "expired"
	replaced cause = "replaced" // by another one of its key
	removed  cause = "removed"  // its entry was gone
	purged   cause = "purged"
)

type metrics struct{ dropped map[cause]prometheus.Counter }

func newMetrics(reg prometheus.Registerer, x *Index) *metrics {
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_cache_index_dropped_total",
		Help: "Vectors that the index has dropped, by why."}, []string{"cause"})
	reg.MustRegister(dropped,
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_index_vectors", Help: "Vectors in the index."}, func() int64 { return int64(len(x.items)) }, x),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_index_spaces", Help: "Sets of vectors that are compared with each other."}, func() int64 { return int64(len(x.spaces)) }, x),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_index_bytes", Help: "Bytes that the index takes."}, func() int64 { return x.bytes }, x),
		gauge(prometheus.GaugeOpts{Name: "headgate_cache_index_max_bytes", Help: "Bytes that the index may take."}, func() int64 { return x.max }, x))
	m := &metrics{map[cause]prometheus.Counter{}}
	for _, c := range []cause{overflow, expired, replaced, removed, purged} {
		m.dropped[c] = dropped.WithLabelValues(string(c))
	}
	return m
}

func gauge(o prometheus.GaugeOpts, value func() int64, x *Index) prometheus.Collector {
	return prometheus.NewGaugeFunc(o, func() float64 {
		x.mu.RLock()
		defer x.mu.RUnlock()
		return float64(value())
	})
}
