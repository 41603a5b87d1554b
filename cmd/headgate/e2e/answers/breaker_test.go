package answers

import (
	"context"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestABreakerRefuses holds what is seen of a model's breaker before it refuses, and how it does, over
// HTTP/1.1 by each of its bounds: in the client's dialect, in the row, the metrics and the log.
func TestABreakerRefuses(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, `  requests: {chain: [sim/plain], retries: 0, breaker: {requests: 1}}
  waiting: {chain: [sim/plain], retries: 0, breaker: {connections: 1, pending: 1}}
`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for model, n := range map[string]int{"requests": 1, "waiting": 2} {
		for range n {
			go func() {
				_, _ = g.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model, "", false), "hang=headers"))
			}()
			g.Eventually("a request is under way", func() bool {
				return g.Metric(`headgate_requests_in_flight{model="`+model+`"}`) >= 1
			})
		}
		g.Eventually("all are under way", func() bool {
			return g.Metric(`headgate_requests_in_flight{model="`+model+`"}`) == float64(n)
		})
	}
	if err := p.WaitReceived(ctx, 2); err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"requests", "waiting"} {
		for _, claude := range []bool{false, true} {
			kind, a := "server_error", gatewaytest.Answer{}
			if claude {
				kind, a = "overloaded_error", g.Messages(gatewaytest.MessageBody(model, "", false), "")
			} else {
				a = g.Chat(gatewaytest.ChatBody(model, "", false), "")
			}
			if a.Status != 503 || a.Header.Get("retry-after") != "1" || !strings.Contains(a.Body, "model "+model+" ") {
				t.Fatalf("%s: status %d, retry-after %q: %s", model, a.Status, a.Header.Get("retry-after"), a.Body)
			}
			gatewaytest.CheckRefusal(t, a, claude, kind, "breaker_full")
			if row := g.Row(gatewaytest.RefusedExchange(a)); row.Outcome != "gateway_error" || row.By != "gateway" || row.Status != 503 {
				t.Errorf("%s: row %+v", model, row)
			}
		}
		if n := g.Metric(`headgate_breaker_refused_total{model="` + model + `"}`); n != 2 {
			t.Errorf("%s: %v refusals are counted", model, n)
		}
		if n := g.Metric(`headgate_requests_bound{model="` + model + `"}`); n != 1 {
			t.Errorf("%s: the bound is %v", model, n)
		}
	}
	for _, line := range []string{"nearly as many requests under way as its breaker lets", "a breaker refuses requests"} {
		if n := strings.Count(g.Log(), line); n != 2 {
			t.Errorf("the log says %d times %q, want once for each model", n, line)
		}
	}
}
