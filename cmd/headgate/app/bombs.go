package app

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// bombEvery is how often it is logged at most that answers of a backend unpack to far too much.
const bombEvery = time.Minute

// answerBombs counts answers that unpack to far more than is taken, and logs them for each backend
// once a minute at most.
func answerBombs(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(backend string) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_answer_bombs_total",
		Help: "Answers that unpack to far more than is taken."}, []string{"backend"})
	reg.MustRegister(count)
	var mu sync.Mutex
	logged := make(map[string]time.Time) // by backend, of which policies have few
	return func(backend string) {
		count.WithLabelValues(backend).Inc()
		mu.Lock()
		defer mu.Unlock()
		if at := now(); at.Sub(logged[backend]) >= bombEvery {
			logged[backend] = at
			log.Warn("a provider's answer unpacks to far more than is taken", zap.String("backend", backend))
		}
	}
}
