package xds

import "github.com/prometheus/client_golang/prometheus"

// metrics are the control plane's counters.
type metrics struct {
	nacks             *prometheus.CounterVec
	pushes            prometheus.Counter
	rollbacks         prometheus.Counter
	handshakeFailures prometheus.Counter
	idsRefused        prometheus.Counter
	members           prometheus.Gauge
	revision          *prometheus.GaugeVec
	serving           *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		nacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_xds_nacks_total",
			Help: "Resources that a client refused, by type."}, []string{"type"}),
		pushes: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_xds_pushes_total",
			Help: "Policies that were published to the clients."}),
		rollbacks: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_xds_rollbacks_total",
			Help: "Times that a node group went back to its last good policy, because a client refused the newest."}),
		idsRefused: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_xds_node_ids_refused_total",
			Help: "Streams that were refused because their certificate may not use the node id that they name."}),
		handshakeFailures: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_xds_handshake_failures_total",
			Help: "Connections that ended in the TLS handshake, such as for a certificate that is not trusted."}),
		members: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_xds_clients",
			Help: "Pairs, and Envoys without one, that are connected to the control plane."}),
		revision: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_policy_info",
			Help: "1 for the policy revision that was published last."}, []string{"revision"}),
		serving: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_xds_group_info",
			Help: "1 for the policy revision that a node group is served."}, []string{"cluster", "region", "revision"}),
	}
	reg.MustRegister(m.nacks, m.pushes, m.rollbacks, m.handshakeFailures, m.idsRefused, m.members, m.revision, m.serving)
	for _, kind := range []string{"policy", "cluster", "listener", "route"} {
		m.nacks.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) published(r *release) {
	m.pushes.Inc()
	m.revision.Reset()
	m.revision.WithLabelValues(r.revision).Set(1)
}

// serve sets the gauge of what a group is served.
func (m *metrics) serve(g *group) {
	m.serving.DeletePartialMatch(prometheus.Labels{"cluster": g.key.cluster, "region": g.key.region})
	if g.target != nil {
		m.serving.WithLabelValues(g.key.cluster, g.key.region, g.target.revision).Set(1)
	}
}
