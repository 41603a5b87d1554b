package spool

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	records map[Kind]prometheus.Counter
	lost    *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, s *Spool) *metrics {
	records := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_spool_records_total",
		Help: "Records written to the spool, by kind."}, []string{"kind"})
	m := &metrics{
		records: map[Kind]prometheus.Counter{},
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_spool_lost_total",
			Help: "Records that the spool had no room for, by kind."}, []string{"kind"}),
	}
	for _, k := range []Kind{Opened, Ended, Closed} {
		m.records[k] = records.WithLabelValues(k.String())
	}
	reg.MustRegister(records, m.lost,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_spool_bytes", Help: "Disk that the spool takes."},
			func() float64 { return float64(s.bytes()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_spool_backlog_bytes", Help: "Records that the control plane does not have yet."},
			func() float64 { return float64(s.Backlog()) }))
	return m
}

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case Opened:
		return "opened"
	case Ended:
		return "ended"
	case Closed:
		return "closed"
	default:
		return "void"
	}
}
