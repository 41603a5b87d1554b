package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestWhoIsServedAtTheOperationsPort holds what is served on loopback, to whom, and what beyond it.
func TestWhoIsServedAtTheOperationsPort(t *testing.T) {
	const details = "what is in effect\n"
	for _, c := range []struct {
		listen, host, path string
		status             int
		says               string
	}{
		{"127.0.0.1:0", "localhost", "/metrics", 200, ""},
		{"127.0.0.1:0", "127.0.0.1:1", "/readyz", 200, "ready\n" + details},
		{"127.0.0.1:0", "[::1]:1", "/debug/pprof/cmdline", 200, ""},
		{"127.0.0.1:0", "evil.example", "/metrics", 403, "localhost"},
		{"127.0.0.1:0", "evil.example:9090", "/debug/pprof/cmdline", 403, "localhost"},
		{"0.0.0.0:0", "gateway.example", "/metrics", 200, ""},
		{"0.0.0.0:0", "gateway.example", "/healthz", 200, "ok\n"},
		{"0.0.0.0:0", "gateway.example", "/readyz", 200, "ready\n"},
		{"0.0.0.0:0", "gateway.example", "/debug/pprof/cmdline", 404, ""},
		{"0.0.0.0:0", "127.0.0.1", "/debug/pprof/", 404, ""},
	} {
		t.Run(c.listen+" "+c.host+c.path, func(t *testing.T) {
			var l lifecycle
			o, err := serveOperations(&l, c.listen, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.stop(context.Background()) })
			o.ready.Store(true)
			o.say(func() string { return details })
			_, port, _ := net.SplitHostPort(o.server.Addr().String())
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != c.status || !strings.Contains(string(body), c.says) || strings.Contains(string(body), details) != strings.Contains(c.says, details) {
				t.Errorf("status %d: %.200s", resp.StatusCode, body)
			}
		})
	}
}
