package answers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

// TestEndingsBeforeHeaders are exchanges of which the client gets an error
// instead of an answer, in its own dialect.
func TestEndingsBeforeHeaders(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.ServeEndings(t)
	for i, c := range []struct {
		name, model, sim, timeout string
		stream                    bool
		status                    int
		kind, claudeKind          string
		want                      gatewaytest.Ending
	}{
		{"silence before the headers", "m0", "hang=headers", "", false, 504, "server_error", "timeout_error", gatewaytest.EndingWith("timeout", "provider", 504, 1)},
		{"silence before a stream's headers", "m1", "hang=headers", "", true, 504, "server_error", "timeout_error", gatewaytest.EndingWith("timeout", "provider", 504, 1)},
		{"the caller's deadline", "unfailing", "hang=headers", "300ms", false, 504, "server_error", "timeout_error", gatewaytest.EndingWith("deadline", "provider", 504, 1)},
		{"the caller's deadline of a stream", "unfailing", "hang=headers", "300ms", true, 504, "server_error", "timeout_error", gatewaytest.EndingWith("deadline", "provider", 504, 1)},
		{"cut before the headers", "m2", "cut=headers", "", false, 503, "server_error", "overloaded_error", gatewaytest.EndingWith("cut", "provider", 503, 1)},
		{"reset before the headers", "m3", "reset=headers", "", false, 503, "server_error", "overloaded_error", gatewaytest.EndingWith("cut", "provider", 503, 1)},
		{"cut inside a JSON answer", "m4", "cut=20", "", false, 502, "server_error", "api_error", gatewaytest.EndingWith("cut", "provider", 502, 1)},
		{"reset inside a JSON answer", "m5", "reset=20", "", false, 502, "server_error", "api_error", gatewaytest.EndingWith("cut", "provider", 502, 1)},
		{"silence inside a JSON answer", "m6", "hang=20", "", false, 504, "server_error", "timeout_error", gatewaytest.EndingWith("idle_timeout", "provider", 504, 1)},
		{"nobody listens", "gone", "", "", false, 503, "server_error", "overloaded_error", gatewaytest.EndingWith("connect_failed", "provider", 503, 1)},
	} {
		for _, claude := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s claude=%t", c.name, claude), func(t *testing.T) {
				t.Parallel()
				g := g.With(t)
				mark := fmt.Sprintf("ending %d", i)
				r := gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(c.model, mark, c.stream), c.sim)
				kind := c.kind
				if claude {
					r = gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody(c.model+"-claude", mark, c.stream), c.sim, "anthropic-version", "2023-06-01")
					kind = c.claudeKind
				}
				if c.timeout != "" {
					r.Header["x-headgate-timeout"] = c.timeout
				}
				a := g.Ask(r)
				if a.Status != c.status || a.Err != nil {
					t.Fatalf("status %d, want %d, %v: %s", a.Status, c.status, a.Err, a.Body)
				}
				gatewaytest.CheckRefusal(t, a, claude, kind, "")
				if a.Header.Get(policy.RefusedByHeader) != "gateway" {
					t.Errorf("headers %v", a.Header)
				}
				row := g.Row(gatewaytest.RefusedExchange(a))
				if d := cmp.Diff(c.want, gatewaytest.EndingOf(row)); d != "" {
					t.Errorf("row (-want +got):\n%s%+v", d, row)
				}
				if billed := strings.Contains(c.name, "inside") || row.Status == 504; billed != (row.UsageSource == "estimated") {
					t.Errorf("tokens %+v (%s) of what a provider was at: %t", row.Tokens, row.UsageSource, billed)
				}
				if strings.Contains(a.Body, "127.0.0.1") {
					t.Errorf("the error names an address: %s", a.Body)
				}
			})
		}
	}
	t.Run("every attempt fails", func(t *testing.T) {
		t.Parallel()
		g := g.With(t)
		a := g.Chat(gatewaytest.ChatBody("tried", "tried thrice", false), "cut=headers")
		if d := cmp.Diff(gatewaytest.EndingWith("cut", "provider", 503, 3), gatewaytest.EndingOf(g.Row(gatewaytest.RefusedExchange(a)))); d != "" || a.Status != 503 {
			t.Errorf("status %d, row (-want +got):\n%s", a.Status, d)
		}
	})
}

// TestClientAborts holds that a client that hangs up before its answer is whole ends the
// exchange: the provider is let go, and the row says who it was.
func TestClientAborts(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.ServeEndings(t)
	for _, c := range []struct {
		name, path, body, sim string
	}{
		{"before the headers", "/v1/chat/completions", gatewaytest.ChatBody("unfailing", "aborts one", false), "hang=headers"},
		{"before a stream's headers", "/v1/messages", gatewaytest.MessageBody("unfailing-claude", "aborts two", true), "hang=headers"},
		{"inside a JSON answer", "/v1/chat/completions", gatewaytest.ChatBody("unfailing", "aborts three", false), "hang=20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			before := len(g.Rows())
			arrived := make(chan error, 1)
			go func() {
				_, err := g.Try(ctx, gatewaytest.ChatRequest(c.path, c.body, c.sim, "anthropic-version", "2023-06-01"))
				arrived <- err
			}()
			g.Eventually("the request at the provider", func() bool { return strings.Contains(g.Metrics(), "headgate_streams_in_flight 1") })
			p.Received()
			cancel()
			if err := <-arrived; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			p.Find(gatewaytest.MarkOf(c.body)) // the provider is let go
			g.Eventually("a row", func() bool { return len(g.Rows()) > before })
			row := g.Rows()[before]
			if row.Outcome != "cancelled" || row.By != "client" || row.UsageSource != "estimated" {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestNoHealthyBackend asks a backend whose name nobody resolves: Envoy has nobody to ask.
func TestNoHealthyBackend(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.ServeEndings(t)
	for _, claude := range []bool{false, true} {
		t.Run(fmt.Sprintf("claude=%t", claude), func(t *testing.T) {
			g := g.With(t)
			a := failing(g, "nowhere", "", claude, "nowhere")
			kind := "server_error"
			if claude {
				kind = "overloaded_error"
			}
			gatewaytest.CheckRefusal(t, a, claude, kind, "backend_unavailable")
			if after := a.Header.Get("retry-after"); a.Status != 503 || after != "10" {
				t.Errorf("status %d, retry-after %q, want the 10 s after which it is tried again", a.Status, after)
			}
			row := g.Row(gatewaytest.RefusedExchange(a))
			if row.Outcome != "no_healthy_backend" || row.By != "provider" || row.Status != 503 {
				t.Errorf("row %+v", row)
			}
		})
	}
}
