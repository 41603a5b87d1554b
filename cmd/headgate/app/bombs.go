package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// answerBombs counts answers that unpack to far more than is taken, and logs them for each backend
// once a minute at most.
func answerBombs(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(backend string) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_answer_bombs_total",
		Help: "Answers that unpack to far more than is taken."}, []string{"backend"})
	reg.MustRegister(count)
	logged := newSeldom(now)
	return func(backend string) {
		count.WithLabelValues(backend).Inc()
		if logged.may(backend) {
			log.Warn("a provider's answer unpacks to far more than is taken", zap.String("backend", backend))
		}
	}
}
