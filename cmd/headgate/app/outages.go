package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
)

// watchOutages counts and logs which endpoints an Envoy takes out, and when they are back,
// as its admin interface says.
func watchOutages(l *lifecycle, admin string, reg prometheus.Registerer, log *zap.Logger) *envoy.Outages {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_endpoints_taken_out_total",
		Help: "Times that Envoy has taken an endpoint of a pool out: its requests failed, or its checks did."}, []string{"backend", "reason"})
	now := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headgate_endpoints_out",
		Help: "Endpoints of pools that Envoy has taken out and not brought back."}, []string{"backend", "reason"})
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_endpoint_failures_total",
		Help: "Attempts that failed at the endpoints of a backend before any answer, as Envoy counts them: connect_failed or timeout."}, []string{"backend", "served", "failure"})
	reg.MustRegister(total, now, failures)
	log = log.Named("outages")
	o := envoy.NewOutages(admin, func(o envoy.Outage, out bool) {
		fields := []zap.Field{zap.String("pool", o.Pool), zap.String("backend", o.Backend), zap.String("model", o.Model),
			zap.String("address", o.Address), zap.String("reason", string(o.Reason))}
		if !out {
			now.WithLabelValues(o.Backend, string(o.Reason)).Dec()
			log.Info("Envoy asks an endpoint again", fields...)
			return
		}
		total.WithLabelValues(o.Backend, string(o.Reason)).Inc()
		now.WithLabelValues(o.Backend, string(o.Reason)).Inc()
		log.Warn("Envoy has taken an endpoint out", fields...)
	}, func(f envoy.EndpointFailure, more int64) {
		failures.WithLabelValues(f.Backend, f.Model, f.Failure).Add(float64(more))
	})
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	refused := refusedConnections(reg, log)
	watching.Go(func() { o.Watch(ctx) })
	watching.Go(func() { envoy.WatchRefused(ctx, admin, refused) })
	l.started("outages", func(context.Context) error {
		cancel()
		watching.Wait()
		return nil
	})
	return o
}

// refusedEvery is how often it is logged at most that connections were refused.
const refusedEvery = time.Minute

// refusedConnections counts and logs the connections that Envoy has refused. What it returns is
// called by one goroutine.
func refusedConnections(reg prometheus.Registerer, log *zap.Logger) func(n int64) {
	total := prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_connections_refused_total",
		Help: "Connections of clients that Envoy has refused, because as many were there as it may have."})
	reg.MustRegister(total)
	var logged time.Time
	return func(n int64) {
		total.Add(float64(n))
		if now := time.Now(); now.Sub(logged) >= refusedEvery {
			logged = now
			log.Warn("Envoy refuses connections: as many are there as it may have", zap.Int64("refused", n))
		}
	}
}
