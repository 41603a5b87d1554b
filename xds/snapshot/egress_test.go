package snapshot_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestNothingInternalLeaves holds that neither what Envoy adds nor what a client
// brings along for Headgate or Envoy reaches a provider, on a new connection, a
// used one, and a further attempt. What else a client sends is the router level's
// to filter, which this gateway's ext_proc does not do.
func TestNothingInternalLeaves(t *testing.T) {
	var n atomic.Int32
	p := startProvider(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%2 == 1 { // every other attempt fails
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, "{}")
	})
	b := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
	g := startGateway(t, map[string]any{"a": b, "b": b}, map[string]any{"one": "a/m", "chain": map[string]any{"chain": []string{"a/m", "b/m"}}})
	for _, model := range []string{"one", "one", "chain", "chain"} {
		resp, _ := g.get(t, policy.RouteName(model, false),
			"x-headgate-user", "u", policy.InternalPrefix+"arm", "x", "x-envoy-max-retries", "9", "x-envoy-original-path", "/",
			"x-request-id", "mine", "x-forwarded-for", "10.0.0.1", "x-forwarded-proto", "https", "x-forwarded-host", "h", "forwarded", "for=x",
			"via", "1.1 x", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate", "a=b")
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		if got := resp.Header.Get("x-envoy-attempt-count"); got != "2" {
			t.Errorf("x-envoy-attempt-count is %q at the router level, want 2", got)
		}
	}
	seen := p.requests()
	if len(seen) != 8 {
		t.Fatalf("%d requests, want 8", len(seen))
	}
	for i, r := range seen {
		var names []string
		for name := range r.Header {
			names = append(names, strings.ToLower(name))
		}
		slices.Sort(names)
		if d := cmp.Diff([]string{"accept-encoding", "user-agent"}, names); d != "" {
			t.Errorf("headers of request %d (-want +got):\n%s", i+1, d)
		}
		// Of a chain the upstream level names the host; of one the route does.
		if want := strings.TrimPrefix(p.url, "http://"); i < 4 && r.Host != want {
			t.Errorf("host of request %d is %q, want %q", i+1, r.Host, want)
		}
	}
}

// TestClientsCannotRoute holds that a client's own internal headers neither choose
// a route nor change how it is tried.
func TestClientsCannotRoute(t *testing.T) {
	p := startProvider(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	b := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
	g := startGateway(t, map[string]any{"a": b}, map[string]any{"m": map[string]any{"chain": []string{"a/m"}, "retries": 1}})
	if resp, _ := g.get(t, "", policy.RouteHeader, policy.RouteName("m", false)); resp.StatusCode != http.StatusServiceUnavailable || len(p.requests()) != 0 {
		t.Errorf("a route that the client named: status %d, %d requests", resp.StatusCode, len(p.requests()))
	}
	if _, _ = g.get(t, policy.RouteName("m", false), "x-envoy-max-retries", "5", "x-envoy-retry-on", "5xx"); len(p.requests()) != 2 {
		t.Errorf("%d attempts, want the policy's 2", len(p.requests()))
	}
}
