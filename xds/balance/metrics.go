package balance

import "github.com/prometheus/client_golang/prometheus"

// collector says, when it is asked, what part of their weight uses keep.
type collector struct{ *Balancer }

var shareDesc = prometheus.NewDesc("headgate_balance_share",
	"What part of its weight a use of a model keeps at the pairs of a region, where it is not all: 0.1 to 1.", []string{"model", "use", "region"}, nil)

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) { to <- shareDesc }

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	for _, s := range c.List() {
		to <- prometheus.MustNewConstMetric(shareDesc, prometheus.GaugeValue, float64(s.Permille)/Whole, s.Model, s.Use, s.Region)
	}
}
