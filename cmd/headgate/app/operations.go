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

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/policy/loopback"
)

// operations is the port for those who run the process: metrics, health, readiness and
// profiles. It never carries traffic of clients. Beyond loopback it serves metrics and health
// alone, and no details; on loopback it is asked by this machine's own names, because a web page
// may point another one at it.
type operations struct {
	server  *httpPort
	ready   atomic.Bool // started, and not about to stop
	mu      sync.Mutex
	details []func() string
	needs   []func() bool
	envoy   *envoy.Statistics // nil: it has no admin socket, or there is no Envoy
}

// showEnvoy has the statistics of the Envoy with this admin socket served beside the metrics.
func (o *operations) showEnvoy(admin string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.envoy = envoy.NewStatistics(admin)
}

// serveEnvoy serves the statistics of Envoy. Whatever is asked for, Envoy is asked for these alone.
func (o *operations) serveEnvoy(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	statistics := o.envoy
	o.mu.Unlock()
	if statistics == nil {
		http.Error(w, "no Envoy can be asked: headgate extproc needs its admin socket, --envoy-admin", http.StatusNotFound)
		return
	}
	w.Header().Set("content-type", envoy.StatisticsType)
	if err := statistics.Write(r.Context(), w); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
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
	o, err := listenOperations(l, addr, nil, reg)
	if err == nil {
		o.server.serve()
	}
	return o, err
}

// listenOperations is serveOperations, but nobody is answered yet. The listener is that of the
// process before; nil: there is none.
func listenOperations(l *lifecycle, addr string, before net.Listener, reg *prometheus.Registry) (*operations, error) {
	local, err := isLocal(addr)
	if err != nil {
		return nil, err
	}
	o := &operations{}
	handler := o.open(reg, local)
	if local {
		handler = askedHere(o.profiles(handler))
	}
	o.server, err = openPort(l, port{"operations", addr, "--operations"}, before, &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second})
	return o, err
}

// isLocal reports whether an address of the operations port is loopback.
func isLocal(addr string) (bool, error) {
	local, err := loopback.HostPort(addr)
	if err != nil {
		return false, &OptionsError{fmt.Errorf("operations address %q: %w", addr, err)}
	}
	return local, nil
}

// askedHere refuses what names another host than this machine.
func askedHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback.Authority(r.Host) {
			http.Error(w, "this host is not loopback: ask by 127.0.0.1, [::1] or localhost, or serve metrics and health beyond loopback with --operations", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// open is what may be served beyond loopback, too. Details are for this machine.
func (o *operations) open(reg *prometheus.Registry, details bool) http.Handler {
	detail := func() string { return "" }
	if details {
		detail = o.detail
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /metrics/envoy", o.serveEnvoy)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !o.isReady() {
			http.Error(w, "not ready\n"+detail(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprint(w, "ready\n"+detail())
	})
	return mux
}

// profiles are what the process says of itself, and beside it what another handler serves.
func (o *operations) profiles(others http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", others)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
