package record

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy/policypb"
)

// Callers that have no series of their own.
const (
	// otherCaller stands for those beyond maxCallers.
	otherCaller = "(other)"
	// hopCaller stands for all of whom a trusted hop says who they are: in words of its own, which may
	// be anybody's name.
	hopCaller = "(hop)"
)

// maxCallers bounds the callers with series of their own. A control plane may have made any number of
// keys: who is beyond the first ones is in rows and costs.
const maxCallers = 500

// callerMetrics count exchanges by who asked. They are safe for concurrent use.
type callerMetrics struct {
	requests *prometheus.CounterVec
	mu       sync.Mutex                      // of those that add a caller
	known    atomic.Pointer[map[string]bool] // callers with series; a map is never written to
}

func newCallerMetrics(reg prometheus.Registerer) *callerMetrics {
	m := &callerMetrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_caller_requests_total",
		Help: "Exchanges that ended, by the caller whose key was shown and by outcome."}, []string{"caller", "outcome"})}
	m.known.Store(&map[string]bool{})
	reg.MustRegister(m.requests)
	return m
}

// take counts a row.
func (m *callerMetrics) take(r *policypb.Row) {
	m.requests.WithLabelValues(m.label(r), r.Outcome).Inc()
}

// label is a caller as it is in metrics.
func (m *callerMetrics) label(r *policypb.Row) string {
	switch {
	case r.Hop:
		return hopCaller
	case (*m.known.Load())[r.Caller]:
		return r.Caller
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := *m.known.Load()
	if len(known) >= maxCallers && !known[r.Caller] {
		return otherCaller
	}
	known = maps.Clone(known)
	known[r.Caller] = true
	m.known.Store(&known)
	return r.Caller
}
