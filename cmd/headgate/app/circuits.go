package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/provider/circuit"
)

// newCircuits makes the circuits of this process, whose changes are counted and logged.
func newCircuits(reg prometheus.Registerer, log *zap.Logger) *circuit.Store {
	opened := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_circuits_opened_total",
		Help: "Times that a backend of a chain was left alone, because a limit of its was reached."}, []string{"backend", "reason"})
	learnt := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_circuits_learnt_total",
		Help: "Times that a backend was left alone, because another pair found that a limit of its was reached."}, []string{"backend", "reason"})
	log = log.Named("circuit")
	s := circuit.NewStore(func(c circuit.Change) {
		where := []zap.Field{zap.String("backend", c.Backend), zap.String("model", c.Model)}
		if c.Closed {
			log.Info("a backend is within its limits again", where...)
			return
		}
		where = append(where, zap.String("reason", string(c.Reason)), zap.Duration("for", c.Wait))
		if c.Learnt {
			learnt.WithLabelValues(c.Backend, string(c.Reason)).Inc()
			log.Info("a backend is left alone: another pair found that its limit is reached", where...)
			return
		}
		opened.WithLabelValues(c.Backend, string(c.Reason)).Inc()
		log.Warn("a backend is left alone: its limit is reached", where...)
	}, time.Now)
	reg.MustRegister(opened, learnt, openCircuits{s})
	return s
}

// openCircuits counts, when it is asked, how many models of each backend are left alone.
type openCircuits struct{ *circuit.Store }

var openCircuitsDesc = prometheus.NewDesc("headgate_circuits_open",
	"Models of a backend that are left alone now, because a limit is reached.", []string{"backend"}, nil)

// Describe implements prometheus.Collector.
func (o openCircuits) Describe(to chan<- *prometheus.Desc) { to <- openCircuitsDesc }

// Collect implements prometheus.Collector.
func (o openCircuits) Collect(to chan<- prometheus.Metric) {
	for backend, n := range o.Open() {
		to <- prometheus.MustNewConstMetric(openCircuitsDesc, prometheus.GaugeValue, float64(n), backend)
	}
}
