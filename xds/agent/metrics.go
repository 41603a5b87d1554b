package agent

import "github.com/prometheus/client_golang/prometheus"

// metrics are a pair's gauges and counters of the policy that it serves.
type metrics struct {
	linked   prometheus.Gauge
	envoys   prometheus.Gauge
	serving  *prometheus.GaugeVec
	refusals *prometheus.CounterVec
	slow     prometheus.Gauge
	unsaved  prometheus.Gauge
	expires  prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		linked: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pair_linked",
			Help: "1 while the pair follows a control plane."}),
		envoys: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pair_envoys",
			Help: "Envoys that take their configuration from this pair's socket."}),
		serving: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_pair_policy_info",
			Help: "1 for the policy revision that ext_proc and Envoy both have."}, []string{"revision"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_pair_refusals_total",
			Help: "Revisions that ext_proc or Envoy refused, by the type of what was refused."}, []string{"type"}),
		slow: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pair_change_late",
			Help: "1 while Envoy has not taken a revision for 10 s."}),
		unsaved: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pair_unsaved",
			Help: "1 while the policy in effect could not be saved on disk: after a restart without a control plane an older one would serve."}),
		expires: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_pair_certificate_expires_seconds",
			Help: "When the certificate that clients are shown expires, in seconds since 1970; 0 without TLS."}),
	}
	reg.MustRegister(m.linked, m.envoys, m.serving, m.refusals, m.slow, m.unsaved, m.expires)
	for _, kind := range []string{"policy", "cluster", "listener", "route", "secret"} {
		m.refusals.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) serve(revision string) {
	m.serving.Reset()
	m.serving.WithLabelValues(revision).Set(1)
}

// secure notes when the certificate of the good revision expires.
func (m *metrics) secure(good *bundle) {
	if !good.secured() {
		m.expires.Set(0)
		return
	}
	m.expires.Set(float64(good.clients.content.Expires.Unix()))
}
