package main_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// TestTranslatedShapes sends whole answers however a provider may write them down:
// the client of the other dialect always gets the same text, and the record the
// same usage.
func TestTranslatedShapes(t *testing.T) {
	t.Parallel()
	g, p := serve(t, "")
	want := answer(t, p)
	for _, shape := range []string{
		"tokens=39", "drip=1", "drip=7 crlf", "burst", "comments", "comments drip=3", "gzip", "gzip drip=11", "gzip burst", "cached=5", "close", "oversize=200000",
	} {
		for _, w := range ways {
			t.Run(shape+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				mark := fmt.Sprintf("Shape %s %s", shape, w)
				a := g.Ask(w.ask(map[string]string{"openai": "plain-claude", "anthropic": "plain"}[w.dialect], mark+" [[sim "+shape+"]]"))
				if got := w.text(t, a); got != want && !(strings.HasPrefix(shape, "tokens") || strings.HasPrefix(shape, "oversize")) || got == "" {
					t.Errorf("text %q", got)
				}
				served := p.With(t).Find(mark)
				checkUsage(t, g.With(t).Row(a.Exchange()), served.Usage)
				if w.stream && !strings.Contains(a.Body, fmt.Sprintf("tokens-out=%d ", served.Usage.TotalOutput())) {
					t.Errorf("the last comment does not tell the usage: %s", a.Body[max(0, len(a.Body)-300):])
				}
			})
		}
	}
}

// TestBigBodiesFailOver fails over with a request of several MiB: it is written anew
// for the next backend, whole and with its own length.
func TestBigBodiesFailOver(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range ways {
		fmt.Fprintf(&models, "  big-%s: {chain: [a/m+status=500, c/m+status=500, b/m], retries: 0}\n", w)
	}
	rig := startChains(t, models.String(), nil, gatewaytest.Options{})
	text := strings.Repeat("All of this must arrive. ", 200_000) + `[[sim text="It did."]]`
	for _, w := range ways {
		t.Run(w.String(), func(t *testing.T) {
			a := rig.Ask(w.ask("big-"+w.String(), text))
			if got := w.text(t, a); got != "It did." {
				t.Errorf("answered %q", got)
			}
			if got := tried(rig.With(t).Row(a.Exchange())); got != "a500 c500 b200" {
				t.Errorf("tried %q", got)
			}
			for name, p := range rig.at {
				s := p.With(t).Served()
				last := s[len(s)-1]
				if got := last.Header.Get("Content-Length"); got != fmt.Sprint(len(last.Body)) || !strings.Contains(string(last.Body), text[:len(text)-30]) {
					t.Errorf("%s got %d bytes, with content-length %s", name, len(last.Body), got)
				}
			}
		})
	}
}

// TestChainAborts holds that a client that hangs up while a chain waits ends it: the
// provider hears of it, and no further one is asked.
func TestChainAborts(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range ways {
		fmt.Fprintf(&models, "  waits-%s: {chain: [a/m+ttft=15s, c/m]}\n", w)
	}
	rig := startChains(t, models.String(), nil, gatewaytest.Options{})
	for _, w := range ways {
		t.Run(w.String(), func(t *testing.T) {
			rig, mark := rig.With(t), "Hang up "+w.String()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := make(chan error, 1)
			go func() {
				_, err := rig.Try(ctx, w.ask("waits-"+w.String(), mark))
				gone <- err
			}()
			rig.at["a"].Received()
			cancel()
			if err := <-gone; err == nil {
				t.Fatal("an answer came")
			}
			if s := rig.at["a"].Find(mark); s.Ended != sim.EndedClientGone {
				t.Errorf("the provider's side ended as %q", s.Ended)
			}
			var row record.Line
			rig.Eventually("the record", func() bool {
				i := slices.IndexFunc(rig.Rows(), func(r record.Line) bool { return r.Model == "waits-"+w.String() })
				if i >= 0 {
					row = rig.Rows()[i]
				}
				return i >= 0
			})
			if row.Outcome != "cancelled" || row.By != "client" || tried(row) != "a-" || row.Tokens != nil {
				t.Errorf("record %+v", row)
			}
			if n := len(rig.served("c", mark)); n != 0 {
				t.Errorf("the next link got %d requests", n)
			}
		})
	}
}
