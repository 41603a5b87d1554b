package provider

import "github.com/prometheus/client_golang/prometheus"

// credentialStates counts, when it is asked, the credentials of the policy that is in effect.
type credentialStates struct{ *Kind }

var credentialStatesDesc = prometheus.NewDesc("headgate_credentials",
	"Credentials of a backend by state: set, missing, or refused the last time that the provider was asked with it.", []string{"backend", "state"}, nil)

// Describe implements prometheus.Collector.
func (c credentialStates) Describe(to chan<- *prometheus.Desc) { to <- credentialStatesDesc }

// Collect implements prometheus.Collector.
func (c credentialStates) Collect(to chan<- prometheus.Metric) {
	s := c.inEffect.Load()
	if s == nil {
		return
	}
	for backend, is := range s.secrets.States() {
		for _, of := range []struct {
			state string
			n     int
		}{{"set", is.Set}, {"missing", is.Missing}, {"refused", is.Rejected}} {
			to <- prometheus.MustNewConstMetric(credentialStatesDesc, prometheus.GaugeValue, float64(of.n), backend, of.state)
		}
	}
}
