package streams

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestEndingsInsideStreams are answers that broke off after their headers: the
// client sees a broken connection, never a clean end.
func TestEndingsInsideStreams(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.ServeEndings(t)
	for i, c := range []struct {
		name, model, sim, timeout string
		want                      gatewaytest.Ending
	}{
		{"cut", "m0", "cut=5;pause=20ms", "", gatewaytest.EndingWith("cut", "provider", 200, 1)},
		{"reset", "m1", "reset=5;pause=20ms", "", gatewaytest.EndingWith("cut", "provider", 200, 1)},
		{"silence", "m2", "hang=5", "", gatewaytest.EndingWith("idle_timeout", "provider", 200, 1)},
		{"the caller's deadline", "unfailing", "hang=5", "500ms", gatewaytest.EndingWith("deadline", "provider", 200, 1)},
	} {
		for _, claude := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s claude=%t", c.name, claude), func(t *testing.T) {
				t.Parallel()
				g, p := g.With(t), p.With(t)
				mark := fmt.Sprintf("inside %d %t", i, claude)
				r := gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(c.model, mark, true), c.sim)
				if claude {
					r = gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody(c.model+"-claude", mark, true), c.sim, "anthropic-version", "2023-06-01")
				}
				if c.timeout != "" {
					r.Header["x-headgate-timeout"] = c.timeout
				}
				s := g.Stream(r)
				if s.Response.StatusCode != http.StatusOK {
					t.Fatalf("status %d", s.Response.StatusCode)
				}
				events, err := s.Rest()
				if err == nil {
					t.Fatalf("a clean end after %d events", events)
				}
				if !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "reset") {
					t.Errorf("the client saw %v", err)
				}
				row, served := g.Row(s.Response.Header.Get(record.ExchangeHeader)), p.Find(mark)
				if d := cmp.Diff(c.want, gatewaytest.EndingOf(row)); d != "" {
					t.Errorf("row (-want +got):\n%s%+v", d, row)
				}
				if events > served.Events || events < served.Events-1 { // the last one may be on its way
					t.Errorf("%d events came of %d", events, served.Events)
				}
				if row.Tokens == nil || row.Tokens.Output == 0 || row.UsageSource != "estimated" || row.CostNano == nil {
					t.Errorf("what was sent is not estimated: %+v", row)
				}
			})
		}
	}
}

// TestClientAborts holds that a client that hangs up inside a stream lets the provider
// go, and that the row estimates what came.
func TestClientAborts(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.ServeEndings(t)
	for _, claude := range []bool{false, true} {
		t.Run(fmt.Sprintf("claude=%t", claude), func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			mark := fmt.Sprintf("aborts inside %t", claude)
			r := gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("unfailing", mark, true), "hang=6")
			if claude {
				r = gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody("unfailing-claude", mark, true), "hang=6", "anthropic-version", "2023-06-01")
			}
			s := g.Stream(r)
			for range 6 {
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			p.Find(mark)
			row := g.Row(s.Response.Header.Get(record.ExchangeHeader))
			if d := cmp.Diff(gatewaytest.EndingWith("cancelled", "client", 200, 1), gatewaytest.EndingOf(row)); d != "" || row.Tokens == nil || row.UsageSource != "estimated" {
				t.Errorf("row (-want +got):\n%s%+v", d, row)
			}
		})
	}
}
