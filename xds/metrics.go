package xds

import "github.com/prometheus/client_golang/prometheus"

// metrics are the control plane's counters.
type metrics struct {
	nacks    *prometheus.CounterVec
	pushes   prometheus.Counter
	envoys   prometheus.Gauge
	revision *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		nacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_xds_nacks_total",
			Help: "Resources that Envoy refused, by type."}, []string{"type"}),
		pushes: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_xds_pushes_total",
			Help: "Snapshots that were offered to Envoy."}),
		envoys: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_xds_envoys",
			Help: "Envoys that are connected to the control plane."}),
		revision: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_policy_info",
			Help: "1 for the policy revision that is published."}, []string{"revision"}),
	}
	reg.MustRegister(m.nacks, m.pushes, m.envoys, m.revision)
	for _, kind := range served {
		m.nacks.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) published(revision string) {
	m.pushes.Inc()
	m.revision.Reset()
	m.revision.WithLabelValues(revision).Set(1)
}
