package snapshot_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
)

// TestAnswersWithoutBody holds that answers of unusual shape come through both levels
// as they are, to HTTP/1.1 clients and to those that speak HTTP/2 in clear, and that
// none of them is taken for a failed attempt.
func TestAnswersWithoutBody(t *testing.T) {
	p := startProvider(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("x-shape") {
		case "empty":
			w.Header().Set("Content-Length", "0")
		case "204":
			w.WriteHeader(http.StatusNoContent)
		case "103":
			w.Header().Set("Link", "</x>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			_, _ = io.WriteString(w, "after 103")
		case "trailers":
			w.Header().Set("Trailer", "X-End")
			_, _ = io.WriteString(w, "before trailers")
			w.Header().Set("X-End", "y")
		default:
			_, _ = io.WriteString(w, "plain")
		}
	})
	b := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
	g := startGateway(t, map[string]any{"a": b, "b": b}, map[string]any{"one": "a/m", "chain": map[string]any{"chain": []string{"a/m", "b/m"}}})
	for _, c := range []struct {
		name, method string
		want         string // status, length, body
	}{
		{"plain", http.MethodGet, "200 5 plain"},
		{"HEAD", http.MethodHead, "200 5 "},
		{"empty", http.MethodGet, "200 0 "},
		{"204", http.MethodGet, "204 0 "},
		{"103", http.MethodGet, "200 9 after 103"},
		{"trailers", http.MethodGet, "200 -1 before trailers"},
	} {
		for _, model := range []string{"one", "chain"} {
			for _, h2 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s h2c=%v", c.name, model, h2), func(t *testing.T) {
					before := len(p.requests())
					if d := cmp.Diff(c.want, g.shape(t, c.method, policy.RouteName(model, false), c.name, h2)); d != "" {
						t.Errorf("answer (-want +got):\n%s", d)
					}
					if n := len(p.requests()) - before; n != 1 {
						t.Errorf("%d attempts, want 1", n)
					}
				})
			}
		}
	}
}

// shape asks for an answer of a shape and returns its status, length and body.
func (g gateway) shape(t *testing.T, method, route, name string, h2 bool) string {
	t.Helper()
	transport := &http.Transport{Protocols: &http.Protocols{}}
	transport.Protocols.SetHTTP1(!h2)
	transport.Protocols.SetUnencryptedHTTP2(h2)
	defer transport.CloseIdleConnections()
	trace := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { t.Logf("%d came through", code); return nil },
	})
	req, err := http.NewRequestWithContext(trace, method, g.url+"/v1/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(wantedRoute, route)
	req.Header.Set("x-shape", name)
	client := http.Client{Timeout: envoytest.Patience, Transport: transport}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %d %s", resp.StatusCode, resp.ContentLength, body)
}
