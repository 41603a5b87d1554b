package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// unknownEnds counts answers that ended with a word which this version does not know. The word is
// the provider's, so it is no label: it stands in the log, for each backend once a minute at most.
func unknownEnds(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(backend, dialect, word string) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_unknown_ends_total",
		Help: "Answers that ended with a word which this version does not know, and takes for a good end."}, []string{"backend", "dialect"})
	reg.MustRegister(count)
	logged := newSeldom(now)
	return func(backend, dialect, word string) {
		count.WithLabelValues(backend, dialect).Inc()
		if logged.may(backend) {
			log.Warn("a provider ended an answer with an unknown word", zap.String("backend", backend), zap.String("dialect", dialect), zap.String("word", word))
		}
	}
}
