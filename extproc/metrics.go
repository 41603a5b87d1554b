package extproc

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
)

// Metrics are the counters of the server itself.
type Metrics struct {
	inFlight        prometheus.Gauge
	requests        *prometheus.GaugeVec
	requestsBound   *prometheus.GaugeVec
	breakers        *prometheus.CounterVec // refusals
	panics          prometheus.Counter
	unjoined        prometheus.Counter
	handedOver      prometheus.Counter
	unknownRevision prometheus.Counter
	bodiesHeld      atomic.Int64 // bytes; read as metrics are collected
	bodiesBound     prometheus.Gauge
	bodiesRefused   *prometheus.CounterVec
	bombs           prometheus.Counter
	phase           [phases]prometheus.Observer
	stage           *prometheus.HistogramVec
}

// buckets are the bounds, in seconds, of the time that an answer to Envoy takes.
var buckets = []float64{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1, 10}

// stagePhases name the phases of stages, by their bits.
var stagePhases = [exchange.NumPhases]string{"request", "attempt", "answered", "response", "events", "end", "headers"}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "headgate_extproc_phase_seconds",
		Help:    "Time to answer one message of Envoy's, by phase.",
		Buckets: buckets,
	}, []string{"phase"})
	m := &Metrics{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_streams_in_flight",
			Help: "External-processing streams that are open."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_panics_total",
			Help: "Panics that were contained in one exchange."}),
		stage: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "headgate_stage_seconds",
			Help: "Time that one stage takes in one phase; of events, for one message of Envoy's.", Buckets: buckets}, []string{"stage", "phase"}),
	}
	m.requests = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_requests_in_flight",
		Help: "Exchanges under way, by the policy's model."}, []string{"model"})
	m.requestsBound = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_requests_bound",
		Help: "Exchanges that a model's breaker lets be under way in one Envoy."}, []string{"model"})
	m.breakers = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_breaker_refused_total",
		Help: "Exchanges that Envoy has refused because of a model's breaker."}, []string{"model"})
	m.unjoined = prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_attempts_unjoined_total",
		Help: "Attempts that belonged to no exchange of this process and failed closed."})
	m.unknownRevision = prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_exchanges_unknown_revision_total",
		Help: "Exchanges that Envoy routed by a policy revision which ext_proc does not have, refused with 503."})
	m.handedOver = prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_streams_handed_over_total",
		Help: "Streams of exchanges that another process of this socket has, which were handed to it."})
	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_bodies_held_bytes",
		Help: "Bytes that the bodies of all exchanges hold together."}, func() float64 { return float64(m.bodiesHeld.Load()) })
	m.bodiesBound = prometheus.NewGauge(prometheus.GaugeOpts{Name: "headgate_bodies_bound_bytes",
		Help: "Bytes that they may hold; 0: there is no bound."})
	m.bodiesRefused = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_bodies_refused_total",
		Help: "Requests and answers that were refused with 503, because bodies held all that they may."}, []string{"body"})
	m.bombs = prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_request_bombs_total",
		Help: "Requests that were refused because they unpack to more than 200 times their length."})
	for _, body := range []string{"request", "answer"} {
		m.bodiesRefused.WithLabelValues(body)
	}
	for p := range phases {
		m.phase[p] = vec.WithLabelValues(phaseNames[p])
	}
	reg.MustRegister(vec, m.inFlight, m.requests, m.requestsBound, m.breakers, m.panics, m.unjoined, m.unknownRevision, m.handedOver, held, m.bodiesBound, m.bodiesRefused, m.bombs, m.stage)
	return m
}

// clocks time the phases of one stage, by their bits; nil: the stage does not name it.
type clocks [exchange.NumPhases]prometheus.Observer

// clocksOf prepares the clocks of a stage.
func (m *Metrics) clocksOf(stage string, phases exchange.Phases) *clocks {
	var c clocks
	for i := range c {
		if phases&(1<<i) != 0 {
			c[i] = m.stage.WithLabelValues(stage, stagePhases[i])
		}
	}
	return &c
}
