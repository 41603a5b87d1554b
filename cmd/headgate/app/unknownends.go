package app

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// unknownEndEvery is how often an unknown end of a backend's answers is logged at most.
const unknownEndEvery = time.Minute

// unknownEnds counts answers that ended with a word which this version does not know. The word is
// the provider's, so it is no label: it stands in the log, for each backend once a minute at most.
func unknownEnds(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(backend, dialect, word string) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_unknown_ends_total",
		Help: "Answers that ended with a word which this version does not know, and takes for a good end."}, []string{"backend", "dialect"})
	reg.MustRegister(count)
	var mu sync.Mutex
	logged := make(map[string]time.Time) // by backend, of which policies have few
	return func(backend, dialect, word string) {
		count.WithLabelValues(backend, dialect).Inc()
		mu.Lock()
		defer mu.Unlock()
		if at := now(); at.Sub(logged[backend]) >= unknownEndEvery {
			logged[backend] = at
			log.Warn("a provider ended an answer with an unknown word", zap.String("backend", backend), zap.String("dialect", dialect), zap.String("word", word))
		}
	}
}
