package streams

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// lastComment is the comment line that says at a stream's end what it cost.
func lastComment(row record.Line) string {
	k := row.Tokens
	return fmt.Sprintf(": x-headgate-exchange-id=%s tokens-in=%d tokens-out=%d x-headgate-cost-usd=%s", row.Exchange,
		k.Input+k.CacheRead+k.CacheWrite5m+k.CacheWrite1h+k.AudioInput, k.Output+k.Reasoning+k.AudioOutput, row.CostUSD)
}

// TestStreams sends whole answers however a provider may write them down: the
// client always gets the same text, and the row the same usage.
func TestStreams(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	want := gatewaytest.DirectAnswer(t, p)
	for _, shape := range []string{
		"", "drip=1", "drip=7", "drip=1;crlf", "burst", "crlf", "comments", "comments;drip=3", "no-done", "gzip", "gzip;drip=11", "gzip;burst",
		"reasoning=9;cached=5", "close",
	} {
		for _, claude := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s claude=%t", shape, claude), func(t *testing.T) {
				t.Parallel()
				checkStream(t, g.With(t), p.With(t), shape, claude, want)
			})
		}
	}
}

func checkStream(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, shape string, claude bool, want string) {
	t.Helper()
	mark := fmt.Sprintf("shape %s %t", shape, claude)
	r := gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("renamed", mark, true), shape)
	if claude {
		r = gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody("renamed-claude", mark, true), shape, "anthropic-version", "2023-06-01")
	}
	a := g.Ask(r)
	gatewaytest.MustOK(t, a)
	if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") || a.Header.Get("Content-Encoding") != "" || a.Header.Get("Content-Length") != "" {
		t.Errorf("headers %v", a.Header)
	}
	served, row, events := p.Find(mark), g.Row(a.Exchange()), a.Events()
	noDone := strings.Contains(shape, "no-done")
	if claude && noDone { // a message without message_stop is not a whole one
		if row.Outcome != "cut" || row.By != "provider" {
			t.Errorf("row %+v", row)
		}
		return
	}
	if row.Outcome != "ok" || row.By != "" || row.Status != 200 || !row.Stream || row.FirstTokenMS == nil {
		t.Errorf("row %+v", row)
	}
	gatewaytest.CheckUsage(t, row, served.Usage)
	if last := events[len(events)-1]; last != lastComment(row) {
		t.Errorf("the last event is %q, want %q", last, lastComment(row))
	}
	text, usages := gatewaytest.StreamText(t, events)
	if text != want {
		t.Errorf("text %q, want %q", text, want)
	}
	if !claude && usages != 0 {
		t.Errorf("%d events with usage that nobody asked for", usages)
	}
	if end := events[len(events)-2]; !noDone && end != "data: [DONE]" && !strings.Contains(end, "message_stop") {
		t.Errorf("the event before the comment is %q", end)
	}
	// Every event of the provider's but OpenAI's usage, and the comments that it sent.
	wanted := served.Events + 1
	if !claude {
		wanted--
	}
	if strings.Contains(shape, "comments") {
		wanted += served.Events
	}
	if len(events) != wanted {
		t.Errorf("%d events, want %d of the provider's %d", len(events), wanted, served.Events)
	}
}

func TestStreamUsageIsKeptWhereAskedFor(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	body := `{"model":"plain","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"usage wanted"}]}`
	for _, shape := range []string{"", "drip=1", "gzip"} {
		t.Run(shape, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			a := g.Chat(body, shape)
			gatewaytest.MustOK(t, a)
			served, row, events := p.Find("usage wanted"), g.Row(a.Exchange()), a.Events()
			if _, usages := gatewaytest.StreamText(t, events); usages != 1 || len(events) != served.Events+1 {
				t.Errorf("%d usages in %d events, the provider sent %d", usages, len(events), served.Events)
			}
			gatewaytest.CheckUsage(t, row, served.Usage)
			if string(served.Body) != body {
				t.Errorf("the provider got %s", served.Body)
			}
			unasked := g.Chat(`{"model":"plain","stream":true,"messages":[{"role":"user","content":"usage not wanted"}]}`, shape)
			gatewaytest.MustOK(t, unasked)
			if row := g.Row(unasked.Exchange()); strings.Contains(unasked.Body, `"usage"`) || row.UsageSource != "provider" {
				t.Errorf("the usage of %q, and who did not ask for it got %s", row.UsageSource, unasked.Body)
			}
		})
	}
}

// TestStreamPassesAtOnce proves by a provider that stops for ever that what it
// has sent is with the client, and by its pace that tokens are not collected.
func TestStreamPassesAtOnce(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct{ name, path, body, sim string }{
		{"OpenAI", "/v1/chat/completions", gatewaytest.ChatBody("plain", "stops openai", true), "hang=5"},
		{"OpenAI, gzip", "/v1/chat/completions", gatewaytest.ChatBody("plain", "stops gzip", true), "hang=5;gzip"},
		{"Anthropic", "/v1/messages", gatewaytest.MessageBody("plain-claude", "stops claude", true), "hang=5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, p := g.With(t), p.With(t)
			s := g.Stream(gatewaytest.ChatRequest(c.path, c.body, c.sim, "anthropic-version", "2023-06-01"))
			for i := range 5 {
				if ev, err := s.Next(); err != nil || !strings.Contains(ev, "data: ") {
					t.Fatalf("event %d of 5: %q %v", i+1, ev, err)
				}
			}
			s.Close()
			if served := p.Find(gatewaytest.MarkOf(c.body)); served.Ended != sim.EndedHung || served.Events != 5 {
				t.Errorf("the provider ended %q after %d events", served.Ended, served.Events)
			}
			row := g.Row(s.Response.Header.Get(record.ExchangeHeader))
			if row.Outcome != "cancelled" || row.By != "client" || row.UsageSource != "estimated" || row.Tokens.Output == 0 {
				t.Errorf("row %+v", row)
			}
		})
	}
	t.Run("at the model's pace", func(t *testing.T) {
		t.Parallel()
		g := g.With(t)
		began := time.Now()
		s := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "paced", true), "ttft=200ms;tokens=21;tps=40"))
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
		first := time.Since(began)
		if _, err := s.Rest(); err != nil {
			t.Fatal(err)
		}
		all := time.Since(began)
		if first < 200*time.Millisecond || all-first < 400*time.Millisecond { // 20 tokens at 40 a second are 500 ms
			t.Errorf("first event after %v, the end after %v", first, all)
		}
		row := g.Row(s.Response.Header.Get(record.ExchangeHeader))
		if row.FirstTokenMS == nil || *row.FirstTokenMS < 200 || row.DurationMS-*row.FirstTokenMS < 400 {
			t.Errorf("times of %+v", row)
		}
	})
}

// TestFaultyStreams sends streams that are not whole answers. The client gets
// what came, the row says that it was not well, and no closing comment vouches
// for it.
func TestFaultyStreams(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		name, sim, has string
		outcome, by    string
		vouched        bool // the closing comment
	}{
		{"an error event", "error=4", `"error"`, "provider_error", "provider", false},
		{"an error event at once", "error=0", `"error"`, "provider_error", "provider", false},
		{"a clean end half-way", "truncate=4", "data: ", "cut", "provider", false},
		{"one event is cut in half", "malformed=4", `"error"`, "provider_error", "provider", false},
	} {
		for _, claude := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s claude=%t", c.name, claude), func(t *testing.T) {
				t.Parallel()
				g, p := g.With(t), p.With(t)
				mark := fmt.Sprintf("faulty %s %t", c.name, claude)
				r := gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", mark, true), c.sim)
				if claude {
					r = gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody("plain-claude", mark, true), c.sim, "anthropic-version", "2023-06-01")
				}
				a := g.Ask(r)
				row, served := g.Row(a.Exchange()), p.Find(mark)
				if a.Status != 200 || !strings.Contains(a.Body, c.has) {
					t.Errorf("status %d, body %q", a.Status, a.Body)
				}
				if row.Outcome != c.outcome || row.By != c.by || row.Status != 200 {
					t.Errorf("row %+v", row)
				}
				if vouched := strings.Contains(a.Body, ": x-headgate-exchange-id="); vouched != c.vouched {
					t.Errorf("closing comment: %t, want %t, in %q", vouched, c.vouched, a.Body)
				}
				if c.vouched {
					gatewaytest.CheckUsage(t, row, served.Usage)
				}
			})
		}
	}
}
