package answers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestRefusalsInPlaceOfNoBodyArriveWhole answers through Envoy for providers that
// end with their headers, as proxies and overloaded servers do.
func TestRefusalsInPlaceOfNoBodyArriveWhole(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	t.Cleanup(p.Close)
	g := gatewaytest.Start(t, `version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: "`+p.URL+`/v1"}
  b: {provider: openai-compatible, url: "`+p.URL+`/v1"}
models:
  one: {chain: [a/m], retries: 0}
  two: {chain: [a/m, b/m], retries: 0}
`, gatewaytest.Options{})
	for _, tc := range []struct{ status, one, two int }{{204, 502, 503}, {404, 404, 503}, {429, 429, 429}, {503, 503, 503}} {
		status.Store(int64(tc.status))
		for model, want := range map[string]int{"one": tc.one, "two": tc.two} {
			t.Run(model+" "+strconv.Itoa(tc.status), func(t *testing.T) {
				a := g.With(t).Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model, "no body", false), ""))
				var body struct {
					Error struct{ Code, Message string }
				}
				if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.Status != want || body.Error.Code == "" {
					t.Errorf("status %d, want %d, body %q: %v", a.Status, want, a.Body, err)
				}
			})
		}
	}
}
