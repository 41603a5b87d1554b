package pair

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	pairs                    prometheus.Gauge
	rows, unreadable, failed prometheus.Counter
}

// New makes a server.
func New(o Options, reg prometheus.Registerer) *Server {
	m := &metrics{
		pairs: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pairs",
			Help: "Pairs that are linked to this control plane."}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_journal_rows_total",
			Help: "Rows of pairs that are in the journal, those that came again included."}),
		unreadable: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_journal_unreadable_total",
			Help: "Rows of pairs that could not be read: 0."}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_journal_failures_total",
			Help: "Failed attempts to write a batch; its pair keeps it."}),
	}
	reg.MustRegister(m.pairs, m.rows, m.unreadable, m.failed)
	return &Server{options: o, metrics: m, fleet: newFleet(o.Now)}
}
