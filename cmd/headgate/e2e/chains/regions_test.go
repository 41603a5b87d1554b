package chains

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// region is a simulated provider in a region: over TLS and HTTP/2, as providers are,
// behind a network that breaks.
type region struct {
	*gatewaytest.Network
	url   string
	storm atomic.Bool // answer every request with 503
}

func startRegion(t *testing.T, ca *gatewaytest.Authority) *region {
	t.Helper()
	r := &region{}
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.storm.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		p.Server.ServeHTTP(w, req)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are the point
	s.StartTLS()
	t.Cleanup(s.Close)
	r.Network = gatewaytest.StartNetwork(t, s.Listener.Addr().String())
	r.url = "https://" + strings.Replace(r.Addr, "127.0.0.1", "localhost", 1) + "/v1"
	return r
}

// failover is how long a region may be gone before requests succeed again.
const failover = 5 * time.Second

// TestRegionFailover holds, under a constant load, that a region that fails costs no
// request, and that the first request after it succeeds within failover. "first" has
// the region in its first link, "shared" has half of its users begin there.
func TestRegionFailover(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*region){
		"connections are refused":             func(r *region) { r.Refuse() },
		"no SYN is answered":                  func(r *region) { r.Blackhole() },
		"every answer is a 503":               func(r *region) { r.storm.Store(true) },
		"connections fall silent in mid-life": func(r *region) { r.Freeze() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := gatewaytest.NewAuthority(t)
			us, eu := startRegion(t, ca), startRegion(t, ca)
			g := gatewaytest.Start(t, fmt.Sprintf(`version: 1
unpriced: flag
backends:
  us: {provider: openai-compatible, url: %q, ca_file: %q, region: us}
  eu: {provider: openai-compatible, url: %q, ca_file: %[2]q, region: eu}
models:
  first: {chain: [us/m, eu/m]}
  shared: {chain: [[{use: us/m, weight: 1}, {use: eu/m, weight: 1}]]}
`, us.url, ca.File, eu.url), gatewaytest.Options{})
			loads := map[string]*steady{"first": {g: g, model: "first"}, "shared": {g: g, model: "shared"}}
			for _, l := range loads {
				l.start()
			}
			g.Eventually("every user's first answers", func() bool {
				return loads["first"].answered() > 2*atOneTime && loads["shared"].answered() > 2*atOneTime
			})
			failed := time.Now()
			fail(us)
			time.Sleep(failover + time.Second) // the load goes on meanwhile, and what it meets is judged
			for _, l := range loads {
				l.stop()
			}
			for model, l := range loads {
				l.judge(t, model, failed)
			}
		})
	}
}

// steady asks a model at a constant rate, as many users in turn.
type steady struct {
	g     *gatewaytest.Gateway
	model string

	stopped chan struct{}
	running sync.WaitGroup

	mu  sync.Mutex
	all []shot
}

// shot is one request.
type shot struct {
	user         int
	begun, ended time.Time
	status       int
	backend      string
	attempts     string
	fault        string // what came in place of a good answer
}

const (
	pace      = 50 * time.Millisecond // between two requests of one: 20 a second
	atOneTime = 40                    // users
)

func (l *steady) start() {
	l.stopped = make(chan struct{})
	l.running.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-l.stopped:
				return
			case <-tick.C:
				l.running.Go(func() { l.shoot(n % atOneTime) })
			}
		}
	})
}

func (l *steady) shoot(user int) {
	s := shot{user: user, begun: time.Now()}
	a, err := l.g.Try(context.Background(), gatewaytest.Ways[0].Request(l.model, "Which region?", "x-headgate-user", fmt.Sprint("user-", user)))
	s.ended, s.status, s.backend, s.attempts = time.Now(), a.Status, a.Header.Get("x-headgate-backend"), a.Header.Get("x-headgate-attempts")
	if err = cmp.Or(err, a.Err); err != nil || a.Status != http.StatusOK {
		s.fault = fmt.Sprintf("status %d, %v: %.200s", a.Status, err, a.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

func (l *steady) stop() {
	close(l.stopped)
	l.running.Wait()
}

// answered counts the requests that were answered so far.
func (l *steady) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// judge holds that no request failed, and how soon the first of those succeeded that
// began at the failed region.
func (l *steady) judge(t *testing.T, model string, failed time.Time) {
	t.Helper()
	began := map[int]bool{} // users of the region
	for _, s := range l.all {
		if s.fault != "" && s.ended.After(failed) {
			t.Errorf("%s: a request %v after the failure: %s", model, s.begun.Sub(failed), s.fault)
		}
		if s.backend == "us" && s.ended.Before(failed) {
			began[s.user] = true
		}
	}
	slices.SortFunc(l.all, func(a, b shot) int { return a.ended.Compare(b.ended) })
	var first, slowest, settled time.Duration
	hurt := 0
	for _, s := range l.all {
		if s.begun.Before(failed) || !began[s.user] {
			continue
		}
		if s.fault == "" && first == 0 {
			first = s.ended.Sub(failed)
		}
		if s.attempts != "1" {
			hurt++
			settled = max(settled, s.begun.Sub(failed))
		}
		slowest = max(slowest, s.ended.Sub(s.begun))
	}
	t.Logf("%s: %d requests; the first success after %v, the slowest took %v; %d needed a retry, the last began after %v",
		model, len(l.all), first.Round(time.Millisecond), slowest.Round(time.Millisecond), hurt, settled.Round(time.Millisecond))
	if first == 0 || first > failover {
		t.Errorf("%s: the first success after %v, want within %v", model, first, failover)
	}
	if hurt == 0 {
		t.Errorf("%s: no request met the failure", model)
	}
}
