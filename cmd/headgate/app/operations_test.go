package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
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

// TestStatisticsOfEnvoy holds that they are served once Envoy's admin socket is known, beyond loopback,
// too, that Envoy is asked for nothing else whatever is asked here, and what is said if it does not answer.
func TestStatisticsOfEnvoy(t *testing.T) {
	var asked []string
	socket := filepath.Join(t.TempDir(), "admin.sock")
	lis, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	admin := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		_, _ = io.WriteString(w, "envoy_server_live{} 1\n")
	})}
	go func() { _ = admin.Serve(lis) }()
	t.Cleanup(func() { _ = admin.Close() })
	o := &operations{}
	handler := o.open(prometheus.NewRegistry(), false)
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	if w := ask(http.MethodGet, "/metrics/envoy"); w.Code != 404 || !strings.Contains(w.Body.String(), "--envoy-admin") {
		t.Errorf("without an admin socket: %d %s", w.Code, w.Body)
	}
	o.showEnvoy(socket)
	for _, path := range []string{"/metrics/envoy", "/metrics/envoy?filter=.*&usedonly=x"} {
		w := ask(http.MethodGet, path)
		if w.Code != 200 || w.Body.String() != "envoy_server_live{} 1\n" || !strings.HasPrefix(w.Header().Get("content-type"), "text/plain; version=0.0.4") {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	for _, r := range [][2]string{{"POST", "/metrics/envoy"}, {"GET", "/metrics/envoy/quitquitquit"}, {"GET", "/quitquitquit"}, {"GET", "/config_dump"}, {"GET", "/stats"}, {"GET", "/metrics/envoy/../../config_dump"}} {
		if w := ask(r[0], r[1]); w.Code < 300 {
			t.Errorf("%v: %d %s", r, w.Code, w.Body)
		}
	}
	if !slices.Equal(asked, []string{"GET /stats/prometheus", "GET /stats/prometheus"}) {
		t.Errorf("Envoy was asked %q", asked)
	}
	_ = admin.Close()
	if w := ask(http.MethodGet, "/metrics/envoy"); w.Code != 503 || !strings.Contains(w.Body.String(), "does not answer") || strings.Contains(w.Body.String(), socket) {
		t.Errorf("without an Envoy: %d %s", w.Code, w.Body)
	}
}
