package app

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// operations is the loopback port for those who run the process: metrics, health,
// readiness and profiles. It never carries traffic of clients.
type operations struct {
	addr    net.Addr
	ready   atomic.Bool // started, and not about to stop
	mu      sync.Mutex
	details []func() string
	needs   []func() bool
}

// need adds a condition without which the process is not ready.
func (o *operations) need(met func() bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.needs = append(o.needs, met)
}

func (o *operations) isReady() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ready.Load() && !slices.ContainsFunc(o.needs, func(met func() bool) bool { return !met() })
}

// say adds what /readyz says beside its verdict: lines that each end with a newline.
func (o *operations) say(detail func() string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.details = append(o.details, detail)
}

func (o *operations) detail() (text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, detail := range o.details {
		text += detail()
	}
	return text
}

// serveOperations listens and adds itself to the lifecycle.
func serveOperations(l *lifecycle, addr string, reg *prometheus.Registry) (*operations, error) {
	o := &operations{}
	var err error
	o.addr, err = serveLoopback(l, port{"operations", addr, "--operations"}, &http.Server{Handler: o.routes(reg), ReadHeaderTimeout: 5 * time.Second})
	return o, err
}

func (o *operations) routes(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !o.isReady() {
			http.Error(w, "not ready\n"+o.detail(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprint(w, "ready\n"+o.detail())
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
