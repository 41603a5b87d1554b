package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/provider/circuit"
)

// newCircuits makes the circuits of this process, whose changes are counted and logged.
func newCircuits(reg prometheus.Registerer, log *zap.Logger) *circuit.Store {
	s := circuit.NewStore(circuitChanges(reg, log.Named("circuit"), time.Now), time.Now)
	reg.MustRegister(openCircuits{s})
	return s
}

// circuitChanges counts the changes of circuits, and logs for each backend and model once a minute at
// most that it is left alone, and that it is not any more.
func circuitChanges(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(circuit.Change) {
	opened := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_circuits_opened_total",
		Help: "Times that a backend of a chain was left alone, because a limit of its was reached."}, []string{"backend", "reason"})
	learnt := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_circuits_learnt_total",
		Help: "Times that a backend was left alone, because another pair found that a limit of its was reached."}, []string{"backend", "reason"})
	reg.MustRegister(opened, learnt)
	left, back := newSeldom(now), newSeldom(now)
	return func(c circuit.Change) {
		of := c.Backend + "/" + c.Model
		where := []zap.Field{zap.String("backend", c.Backend), zap.String("model", c.Model)}
		if c.Closed {
			if back.may(of) {
				log.Info("a backend is within its limits again", where...)
			}
			return
		}
		where = append(where, zap.String("reason", string(c.Reason)), zap.Duration("for", c.Wait))
		if c.Learnt {
			learnt.WithLabelValues(c.Backend, string(c.Reason)).Inc()
		} else {
			opened.WithLabelValues(c.Backend, string(c.Reason)).Inc()
		}
		switch {
		case !left.may(of):
		case c.Learnt:
			log.Info("a backend is left alone: another pair found that its limit is reached", where...)
		default:
			log.Warn("a backend is left alone: its limit is reached", where...)
		}
	}
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
