package streams

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestKeepalivesAreSilence holds that a provider which sends what says nothing of its
// answer, and nothing else, is let go after idle_timeout: after its headers and after its
// text, to clients of both dialects.
func TestKeepalivesAreSilence(t *testing.T) {
	t.Parallel()
	provider := httptest.NewServer(http.HandlerFunc(keepsAlive))
	t.Cleanup(provider.Close)
	var backends, models strings.Builder
	for _, dialect := range []string{"openai", "anthropic"} {
		for _, begun := range []string{"begun", "not-begun"} {
			fmt.Fprintf(&backends, "  %s-%s: {provider: openai-compatible, dialect: %[1]s, url: \"%[3]s/%[2]s/v1\"}\n", dialect, begun, provider.URL)
			fmt.Fprintf(&models, "  %s-%s: {chain: [%[1]s-%[2]s/m], retries: 0, timeout: 5s, idle_timeout: 600ms}\n", dialect, begun)
		}
	}
	g := gatewaytest.Start(t, "version: 1\nunpriced: flag\nbackends:\n"+backends.String()+"models:\n"+models.String(), gatewaytest.Options{})
	for _, w := range []gatewaytest.Way{gatewaytest.Ways[1], gatewaytest.Ways[3]} {
		for _, model := range []string{"openai-begun", "openai-not-begun", "anthropic-begun", "anthropic-not-begun"} {
			t.Run(w.Dialect+" "+model, func(t *testing.T) {
				t.Parallel()
				s := g.With(t).Stream(w.Request(model, "Are you there?"))
				began := time.Now()
				if _, err := s.Rest(); !errors.Is(err, io.ErrUnexpectedEOF) || time.Since(began) < 550*time.Millisecond {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				row := g.With(t).Row(s.Response.Header.Get(record.ExchangeHeader))
				if row.Outcome != "idle_timeout" || row.By != "provider" || !strings.Contains(row.Detail, record.SilentDetails) {
					t.Errorf("record %+v", row)
				}
			})
		}
	}
}

// keepsAlive begins a stream, with text if it is asked to, and sends for ever what says
// nothing.
func keepsAlive(w http.ResponseWriter, r *http.Request) {
	begins := `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`
	says := strings.Replace(begins, `"content":""`, `"content":"Yes"`, 1)
	noise := []string{": keep-alive", begins, `data: {"id":"c","model":"m","choices":[]}`}
	if strings.HasSuffix(r.URL.Path, "/messages") {
		const block = "event: content_block_delta\ndata: " + `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}`
		begins = "event: message_start\ndata: " + `{"type":"message_start","message":{"id":"c","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}` +
			"\n\nevent: content_block_start\ndata: " + `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
		says = fmt.Sprintf(block, "Yes")
		noise = []string{"event: ping\ndata: " + `{"type": "ping"}`, ": keep-alive", fmt.Sprintf(block, "")}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, begins, "\n\n")
	if strings.HasPrefix(r.URL.Path, "/begun") {
		fmt.Fprint(w, says, "\n\n")
	}
	for i := 0; ; i++ {
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
			fmt.Fprint(w, noise[i%len(noise)], "\n\n")
		}
	}
}
