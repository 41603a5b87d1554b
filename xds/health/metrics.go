package health

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy"
)

// metrics are of the backends that are checked.
type metrics struct {
	probes *prometheus.CounterVec
	answer *prometheus.GaugeVec
	drain  *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		probes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_health_probes_total",
			Help: "Checks of a backend, by result: ok, refused, timeout, dns, tls, status or other."}, []string{"backend", "result"}),
		answer: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_health_up",
			Help: "1 while a backend answers its checks, 0 from several failures in a row until several successes."}, []string{"backend"}),
		drain: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_health_drained",
			Help: "1 for a backend that is drained because it does not answer its checks."}, []string{"backend"}),
	}
	reg.MustRegister(m.probes, m.answer, m.drain)
	return m
}

func (m *metrics) probed(backend string, err error) {
	result := "ok"
	if err != nil {
		result = "other"
		var f *Failure
		if errors.As(err, &f) {
			result = string(f.Kind)
		}
	}
	m.probes.WithLabelValues(backend, result).Inc()
}

func (m *metrics) up(backend string, up bool) {
	value := 0.0
	if up {
		value = 1
	}
	m.answer.WithLabelValues(backend).Set(value)
}

func (m *metrics) drained(o policy.Overlay) {
	m.drain.Reset()
	for _, d := range o.Drained {
		m.drain.WithLabelValues(d.Backend).Set(1)
	}
}

// forget ends what is said of a backend that is not checked any more.
func (m *metrics) forget(backend string) {
	m.probes.DeletePartialMatch(prometheus.Labels{"backend": backend})
	m.answer.DeleteLabelValues(backend)
}
