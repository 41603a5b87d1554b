package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc"
)

// purges forget, on a control plane's behalf, what was found out here.
type purges struct {
	kinds []extproc.Kind
	done  *prometheus.CounterVec
	log   *zap.Logger
}

func newPurges(kinds []extproc.Kind, reg prometheus.Registerer, log *zap.Logger) purges {
	p := purges{kinds: kinds, log: log, done: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_backend_resets_total",
		Help: "Times that what was found out of a backend was forgotten, because an operator said so."}, []string{"backend"})}
	reg.MustRegister(p.done)
	return p
}

// forget forgets what was found out of a backend, and returns how many things there were.
func (p *purges) forget(backend string) (things int) {
	things = extproc.Forget(p.kinds, backend)
	p.done.WithLabelValues(backend).Inc()
	p.log.Info("what was found out of a backend is forgotten: an operator has reset it", zap.String("backend", backend), zap.Int("things", things))
	return things
}
