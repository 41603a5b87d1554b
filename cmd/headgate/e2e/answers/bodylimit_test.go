package answers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// bodyOf makes a chat request of exactly n bytes.
func bodyOf(n int, model string, claude bool) string {
	body := gatewaytest.ChatBody(model, "", false)
	if claude {
		body = gatewaytest.MessageBody(model, "", false)
	}
	return strings.Replace(body, `"content":""`, `"content":"`+strings.Repeat("a", n-len(body))+`"`, 1)
}

// TestBodyLimit holds the limit to the byte, below and above the 1 MiB that Envoy
// has by itself.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit string
		bytes int
	}{{"200KiB", 200 << 10}, {"1MiB", 1 << 20}, {"3MiB", 3 << 20}} {
		t.Run(c.limit, func(t *testing.T) {
			t.Parallel()
			p := gatewaytest.Simulate(t, gatewaytest.Keyless)
			g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, "")+"limits: {body: "+c.limit+"}\n", gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
			for _, chunked := range []bool{false, true} {
				for _, claude := range []bool{false, true} {
					checkLimit(t, g, c.bytes, chunked, claude)
					checkGrowth(t, g, c.bytes, chunked, claude)
				}
			}
			g.With(t).Eventually("the rows of eight refusals", func() bool {
				n := 0
				for _, r := range g.Rows() {
					if r.Outcome == "client_error" && r.By == "client" && r.Status == 413 {
						n++
					}
				}
				return n == 8
			})
			checkAnswerLimit(t, g, c.bytes)
		})
	}
}

func checkLimit(t *testing.T, g *gatewaytest.Gateway, limit int, chunked, claude bool) {
	t.Helper()
	path, model := "/v1/chat/completions", "plain"
	if claude {
		path, model = "/v1/messages", "plain-claude"
	}
	ask := func(n int) (gatewaytest.Answer, error) {
		r := gatewaytest.ChatRequest(path, bodyOf(n, model, claude), "", "anthropic-version", "2023-06-01")
		r.Chunked = chunked
		return g.Try(context.Background(), r)
	}
	if a, err := ask(limit); err != nil || a.Status != 200 {
		t.Errorf("%d bytes (chunked %t, claude %t): %v, status %d: %.200s", limit, chunked, claude, err, a.Status, a.Body)
	}
	a, err := ask(limit + 1)
	if err != nil || a.Status != 413 {
		t.Errorf("%d bytes (chunked %t, claude %t): %v, status %d: %.200s", limit+1, chunked, claude, err, a.Status, a.Body)
		return
	}
	kind := "invalid_request_error"
	if claude {
		kind = "request_too_large"
	}
	gatewaytest.CheckRefusal(t, a, claude, kind, "request_too_large")
	if gatewaytest.RefusedExchange(a) == "" {
		t.Errorf("the refusal names no exchange: %s", a.Body)
	}
	// What is far beyond the limit Envoy refuses by itself, and may not know the exchange yet.
	if a, err := ask(2*limit + 1); err != nil || a.Status != 413 {
		t.Errorf("twice the limit (chunked %t, claude %t): %v, status %d: %.200s", chunked, claude, err, a.Status, a.Body)
	}
}

// checkGrowth holds that a body of the greatest length is served, too, if it is longer as its backend
// gets it.
func checkGrowth(t *testing.T, g *gatewaytest.Gateway, limit int, chunked, claude bool) {
	t.Helper()
	path, model := "/v1/chat/completions", "plain-claude"
	if claude {
		path, model = "/v1/messages", "renamed"
	}
	r := gatewaytest.ChatRequest(path, bodyOf(limit, model, claude), "", "anthropic-version", "2023-06-01")
	r.Chunked = chunked
	if a, err := g.Try(context.Background(), r); err != nil || a.Status != 200 {
		t.Errorf("%d bytes that grow (chunked %t, claude %t): %v, status %d: %.200s", limit, chunked, claude, err, a.Status, a.Body)
	}
}

func checkAnswerLimit(t *testing.T, g *gatewaytest.Gateway, limit int) {
	t.Helper()
	g = g.With(t)
	a := g.Chat(gatewaytest.ChatBody("once", "big answer", false), fmt.Sprintf("oversize=%d", limit-2000))
	gatewaytest.MustOK(t, a)
	if len(a.Body) < limit-2000 {
		t.Errorf("%d bytes came", len(a.Body))
	}
	for _, claude := range []bool{false, true} {
		a := failing(g, "too big an answer", fmt.Sprintf("oversize=%d", limit), claude, "once")
		if a.Status != 422 || a.Header.Get("x-should-retry") != "false" {
			t.Fatalf("status %d with %d bytes, x-should-retry %q", a.Status, len(a.Body), a.Header.Get("x-should-retry"))
		}
		gatewaytest.CheckRefusal(t, a, claude, "invalid_request_error", "answer_too_large")
		if row := g.Row(gatewaytest.RefusedExchange(a)); row.Outcome != "provider_error" || row.By != "provider" || row.Status != a.Status {
			t.Errorf("row %+v", row)
		}
	}
	// A stream is not buffered: no limit cuts it, unless all of it comes before
	// Envoy has heard that it is one.
	s := g.Chat(gatewaytest.ChatBody("once", "big stream", true), fmt.Sprintf("oversize=%d;drip=16384;pause=1ms", limit+1000))
	if s.Err != nil || len(s.Body) < limit+1000 || !strings.Contains(s.Body, "[DONE]") {
		t.Errorf("a stream of %d bytes, %v: %.300s", len(s.Body), s.Err, s.Body)
	}
}
