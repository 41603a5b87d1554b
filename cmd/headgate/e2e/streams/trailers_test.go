package streams

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestProviderSendsTrailers holds that answers which end in trailers, over HTTP/1.1 or
// HTTP/2, are whole, and charged by what they report, and that half an answer is none to a
// client of either dialect.
func TestProviderSendsTrailers(t *testing.T) {
	t.Parallel()
	plain, secure := httptest.NewServer(trailing), httptest.NewUnstartedServer(trailing)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	gatewaytest.Overwrite(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	for version, backend := range map[string]string{"HTTP/1.1": fmt.Sprintf("url: %q", plain.URL+"/v1"), "HTTP/2.0": fmt.Sprintf("url: %q, ca_file: %q", secure.URL+"/v1", ca)} {
		g := gatewaytest.Start(t, fmt.Sprintf(`version: 1
unpriced: flag
backends: {p: {provider: openai-compatible, %s}, q: {provider: openai-compatible, %[1]s}}
models: {m: p/m, c: {chain: [p/m, q/m]}}
`, backend), gatewaytest.Options{})
		for _, model := range []string{"m", "c"} {
			for _, stream := range []bool{false, true} {
				a := g.Chat(gatewaytest.ChatBody(model, "hello", stream), "")
				row := g.Row(a.Exchange())
				if a.Status != 200 || a.Err != nil || !strings.Contains(a.Body, "by "+version) || row.Outcome != "ok" || row.Detail != "" || row.UsageSource != "provider" || row.Tokens == nil || row.Tokens.Output != 4 {
					t.Errorf("%s, %s, stream %t: %d %v %s; row %+v", version, model, stream, a.Status, a.Err, a.Body, row)
				}
			}
			for _, w := range []gatewaytest.Way{gatewaytest.Ways[1], gatewaytest.Ways[3]} {
				a := g.Ask(w.Request(model, "half of it"))
				if a.Status == 200 && a.Err == nil && !strings.Contains(a.Body, `"error"`) || w.Ended(a) {
					t.Errorf("%s, %s, half to %s: %d %s", version, model, w, a.Status, a.Body)
				}
				id := a.Exchange()
				if id == "" { // Envoy still had the headers
					id = gatewaytest.RefusedExchange(a)
				}
				if row := g.Row(id); row.Outcome != "cut" || row.By != "provider" || int(row.Status) != a.Status {
					t.Errorf("%s, %s, half to %s: row %+v", version, model, w, row)
				}
			}
		}
	}
}

// trailing is a provider whose answers end in trailers.
var trailing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	const usage = `"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}`
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Trailer", "X-End")
	defer w.Header().Set("X-End", "y")
	if !strings.Contains(string(body), `"stream":true`) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"c","model":"m","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"by %s"},"finish_reason":"stop"}],%s}`, r.Proto, usage)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	finish := `"stop"`
	if strings.Contains(string(body), "half of it") {
		finish = "null"
	}
	fmt.Fprintf(w, "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"by %s\"},\"finish_reason\":%s}]}\n\n", r.Proto, finish)
	w.(http.Flusher).Flush()
	if strings.Contains(string(body), "half of it") {
		return
	}
	fmt.Fprintf(w, "data: {\"id\":\"c\",\"choices\":[],%s}\n\ndata: [DONE]\n\n", usage)
})
