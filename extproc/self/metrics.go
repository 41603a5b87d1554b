package self

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	calls *prometheus.CounterVec
	cost  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_own_calls_total",
			Help: "Calls that Headgate made itself, by what for and how they ended."}, []string{"feature", "result"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_own_calls_cost_usd_total",
			Help: "Cost in USD of the calls that Headgate made itself, by what for. It is in headgate_cost_usd_total, too."}, []string{"feature"}),
	}
	reg.MustRegister(m.calls, m.cost)
	return m
}

// resultOf is how a call ended, as a label: a closed set.
func resultOf(err error) string {
	for _, r := range []struct {
		err  error
		name string
	}{
		{nil, "answered"}, {ErrUnavailable, "unavailable"}, {ErrBound, "bound"}, {ErrTooLarge, "too_large"},
		{ErrLoop, "loop"}, {ErrTimeout, "timeout"}, {context.Canceled, "canceled"},
	} {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return "failed"
}
