package snapshot_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestBreakers holds what a pool may hold, as its model says or by default.
func TestBreakers(t *testing.T) {
	for _, c := range []struct {
		name  string
		given policy.Breaker
		want  string
	}{
		{"none given", policy.Breaker{}, "4096 4096 16384"},
		{"one given", policy.Breaker{Pending: 7}, "4096 7 16384"},
		{"all given", policy.Breaker{Connections: 1, Pending: 2, Requests: 3}, "1 2 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := parse(t, base)
			set.Models["m"].Breaker = c.given
			r, err := snapshot.Build(set, snapshot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := bounds(poolOf(r, "m")); got != c.want {
				t.Errorf("connections, pending, requests: %s, want %s", got, c.want)
			}
			if got := bounds(poolOf(r, "n")); got != "4096 4096 16384" {
				t.Errorf("another model's: %s", got)
			}
		})
	}
}

// TestWhoChecks holds that an Envoy checks backends by itself only if nobody does it for all.
func TestWhoChecks(t *testing.T) {
	set := parse(t, base)
	set.Models["m"].Health = policy.Health{Interval: 30 * time.Second}
	for probed, want := range map[bool]int{false: 1, true: 0} {
		r, err := snapshot.Build(set, snapshot.Options{Probed: probed})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(poolOf(r, "m").HealthChecks); got != want {
			t.Errorf("probed %v: %d checks, want %d", probed, got, want)
		}
	}
}

func bounds(c *clusterv3.Cluster) string {
	b := c.CircuitBreakers.Thresholds[0]
	return fmt.Sprint(b.MaxConnections.GetValue(), b.MaxPendingRequests.GetValue(), b.MaxRequests.GetValue())
}

// TestBreakerRefusesWhatIsTooMuch holds that requests beyond the bound are refused at
// once, and taken again when there is room.
func TestBreakerRefusesWhatIsTooMuch(t *testing.T) {
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	p := startProvider(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		select {
		case <-answer:
		case <-r.Context().Done():
		}
	})
	set := compile(t, backend(p.url), map[string]any{"m": map[string]any{"chain": []string{"p/m"}, "retries": 0}})
	set.Models["m"].Breaker.Requests = 1
	g := startSet(t, set, strings.NewReplacer())
	done := make(chan int, 1)
	go func() {
		resp, _ := g.get(t, "m/json")
		done <- resp.StatusCode
	}()
	<-asked
	if resp, _ := g.get(t, "m/json"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d beyond the bound, want 503", resp.StatusCode)
	}
	close(answer)
	if got := <-done; got != http.StatusOK {
		t.Errorf("status %d within the bound", got)
	}
	if resp, _ := g.get(t, "m/json"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d when there is room again", resp.StatusCode)
	}
}

func backend(url string) map[string]any {
	return map[string]any{"p": map[string]any{"provider": "openai-compatible", "url": url}}
}

// startChecked runs a chain of two backends that are asked this often whether they
// are there.
func startChecked(t *testing.T, interval time.Duration, first, second string) gateway {
	t.Helper()
	set := compile(t, map[string]any{
		"a": map[string]any{"provider": "openai-compatible", "url": first},
		"b": map[string]any{"provider": "openai-compatible", "url": second},
	}, map[string]any{"m": map[string]any{"chain": []string{"a/m", "b/m"}, "retries": 0}})
	set.Models["m"].Health.Interval = interval
	return startSet(t, set, strings.NewReplacer())
}

// server is an HTTP server that comes and goes at one address.
type server struct {
	address string
	http    *httptest.Server
}

func (s *server) start(t *testing.T) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("x-who", "a") }))
	_ = s.http.Listener.Close()
	s.http.Listener = l
	s.http.Start()
	t.Cleanup(s.http.Close)
}

func (s *server) stop() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// TestChecksFindABackendDownAndBack holds that a backend that takes no connections is
// not asked for an answer, and is asked again when it is back: without a request that
// tries.
func TestChecksFindABackendDownAndBack(t *testing.T) {
	a := &server{address: fmt.Sprintf("127.0.0.1:%d", envoytest.FreePort(t))}
	a.start(t)
	b := startProvider(t, func(http.ResponseWriter, *http.Request) {})
	g := startChecked(t, 100*time.Millisecond, "http://"+a.address, b.url)
	answered := func() string {
		resp, _ := g.get(t, "m/json")
		return resp.Status[:3] + resp.Header.Get("x-who") + resp.Header.Get("x-envoy-attempt-count")
	}
	if got := answered(); got != "200a1" {
		t.Errorf("the first request: %s, want a", got)
	}
	down := func() bool {
		clusters, err := g.envoy.Ask("/clusters")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(clusters, a.address+"::health_flags::/failed_active_hc")
	}
	a.stop()
	g.envoy.Await(t, "the backend is found down", down)
	if got := answered(); got != "2001" {
		t.Errorf("with the first backend down: %s, want the other at the first attempt", got)
	}
	a.start(t)
	g.envoy.Await(t, "the backend is found back", func() bool { return !down() })
	if got := answered(); got != "200a1" {
		t.Errorf("with the first backend back: %s, want a", got)
	}
}

// TestChecksDoNotEndAnEjection holds that a backend that takes connections and fails
// every request stays ejected.
func TestChecksDoNotEndAnEjection(t *testing.T) {
	a := startProvider(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	b := startProvider(t, func(http.ResponseWriter, *http.Request) {})
	g := startChecked(t, 50*time.Millisecond, a.url, b.url)
	deadline := time.Now().Add(time.Second)
	for time.Now().Before(deadline) {
		if resp, _ := g.get(t, "m/json"); resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	if n := len(a.requests()); n != 3 {
		t.Errorf("the failing backend was asked %d times in some 20 checks, want 3 until its ejection", n)
	}
}

// TestAFirstCheckThatFailsDoesNotLast holds that a pool whose only backend failed its
// first check is used soon after the backend is there, long before the interval is over.
func TestAFirstCheckThatFailsDoesNotLast(t *testing.T) {
	a := &server{address: fmt.Sprintf("127.0.0.1:%d", envoytest.FreePort(t))}
	set := compile(t, backend("http://"+a.address), map[string]any{"m": "p/m"})
	set.Models["m"].Health.Interval = time.Minute
	g := startSet(t, set, strings.NewReplacer())
	if resp, _ := g.get(t, "m/json"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d without a backend", resp.StatusCode)
	}
	a.start(t)
	g.envoy.Await(t, "the backend is found", func() bool {
		resp, _ := g.get(t, "m/json")
		return resp.StatusCode == http.StatusOK
	})
}
