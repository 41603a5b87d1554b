package chains

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// TestChainsAfterTheFirstByte holds that nothing is tried again once an answer has
// begun, and that what broke off is seen as broken off.
func TestChainsAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	cases := []struct{ first, then string }{
		{"a/m+cut=5", "b/m"}, {"a/m+reset=5", "c/m"}, {"a/m+truncate=5", "b/m"}, {"c/m+cut=5", "a/m"}, {"c/m+truncate=5", "b/m"},
	}
	for i, c := range cases {
		for _, w := range gatewaytest.Ways {
			first := c.first + "+pause=30ms" // so that the answer has begun before the break
			if !w.Stream {                   // more than is held
				first = strings.Replace(c.first, "=5", "=90000", 1) + "+oversize=100000+drip=10000+pause=5ms"
			}
			fmt.Fprintf(&models, "  begun-%d-%s: {chain: [%s, %s]}\n", i, w, first, c.then)
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for i, c := range cases {
		for _, w := range gatewaytest.Ways {
			t.Run(c.first+" "+w.String(), func(t *testing.T) {
				rig, mark := rig.With(t), fmt.Sprintf("Begun %d %s?", i, w)
				a := rig.Ask(w.Request(fmt.Sprintf("begun-%d-%s", i, w), mark))
				row := rig.Row(namedIn(a)) // a body that broke while Envoy buffered it brings its own answer
				if got := gatewaytest.Tried(row); got != c.first[:1]+"200" || row.Attempts != 1 {
					t.Errorf("tried %q in %d attempts", got, row.Attempts)
				}
				if n := len(rig.Served(c.then[:1], mark)); n != 0 {
					t.Errorf("the next link got %d requests", n)
				}
				if row.Outcome != "cut" && row.Outcome != "provider_error" && row.Outcome != "exhausted" || row.By != "provider" {
					t.Errorf("outcome %q by %q", row.Outcome, row.By)
				}
				if w.Stream {
					if a.Status != http.StatusOK || w.Ended(a) {
						t.Errorf("status %d, and the stream ended well: %s", a.Status, a.Body)
					}
					if row.Tokens == nil || row.UsageSource != "estimated" || row.CostNano == nil {
						t.Errorf("what came is not charged: %+v", row)
					}
					return
				}
				if a.Status != http.StatusBadGateway && a.Status != http.StatusServiceUnavailable || !strings.HasPrefix(a.Header.Get("content-type"), "application/json") {
					t.Errorf("status %d, type %q: %s", a.Status, a.Header.Get("content-type"), a.Body)
				}
			})
		}
	}
}

// namedIn is the exchange that an answer names, even if it is Envoy's own.
func namedIn(a gatewaytest.Answer) string {
	if id := a.Exchange(); id != "" {
		return id
	}
	return gatewaytest.RefusedExchange(a)
}

// TestChainsWithoutAnAddress holds that a chain of which no link has an address says at
// once, and in the client's dialect, that all are exhausted.
func TestChainsWithoutAnAddress(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, "  lost: {chain: [lost/m, lost/n], retries: 0}\n", nil, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			a := rig.Ask(w.Request("lost", "Anybody?"))
			if message := gatewaytest.CheckExhausted(t, w, a); !strings.Contains(message, "none has an address") {
				t.Errorf("message %q", message)
			}
			row := rig.With(t).Row(a.Exchange())
			if row.Outcome != "no_healthy_backend" || row.By != "provider" || row.Status != 503 || len(row.Tried) != 0 || row.Tokens != nil {
				t.Errorf("record %+v", row)
			}
		})
	}
}

// TestChainDeadline holds that a caller's own limit ends a chain, whatever it still
// could try.
func TestChainDeadline(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  slow-%s: {chain: [a/m+hang=headers, c/m+hang=headers], timeout: 400ms}\n  quick-%[1]s: {chain: [a/m+status=500, c/m], retries: 0}\n", w)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			rig := rig.With(t)
			a := rig.Ask(w.Request("slow-"+w.String(), "Deadline?", "x-headgate-timeout", "250ms"))
			row := rig.Row(a.Exchange())
			if a.Status != http.StatusGatewayTimeout || row.Outcome != "deadline" || gatewaytest.Tried(row) != "a-" || row.Tokens != nil {
				t.Errorf("status %d, record %+v", a.Status, row)
			}
			gatewaytest.CheckRefusal(t, a, w.Claude(), map[bool]string{false: "server_error", true: "timeout_error"}[w.Claude()], "")
			if b := rig.Ask(w.Request("quick-"+w.String(), "In time?", "x-headgate-timeout", "10s")); b.Status != http.StatusOK || b.Header.Get("x-headgate-backend") != "c" {
				t.Errorf("within the limit: status %d, %v", b.Status, b.Internals())
			}
		})
	}
}

// TestAttemptClock holds that each attempt has the model's timeout, no more and no
// less, until its headers. A machine that stands still makes it more now and then, and
// never each time.
func TestAttemptClock(t *testing.T) {
	t.Parallel()
	const clock = 1000.0 // milliseconds
	const tries = 3      // each has a model of its own: what fails is asked less in the next
	models := ""
	for i := range tries {
		models += fmt.Sprintf("  clocked-%d: {chain: [a/m+hang=headers, c/m], retries: 1, timeout: 1s}\n", i)
	}
	rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
	var seen []string
	for i := range tries {
		a := rig.Ask(gatewaytest.Ways[0].Request(fmt.Sprintf("clocked-%d", i), "How long?"))
		row := rig.Row(a.Exchange())
		way, longest := gatewaytest.Tried(row), 0.0
		for _, at := range row.Tried[:min(2, len(row.Tried))] {
			if at.MS < clock*0.9 {
				t.Errorf("an attempt was given %v ms", at.MS)
			}
			longest = max(longest, at.MS)
		}
		if a.Status == http.StatusOK && way == "a- a- c200" && longest <= clock*3 {
			return
		}
		seen = append(seen, fmt.Sprintf("tried %q, the longest for %v ms", way, longest))
	}
	t.Errorf("each time: %q", seen)
}

// TestEmbeddingChains holds that chains serve what is no chat as well.
func TestEmbeddingChains(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, "  near: {chain: [c/m, a/m+status=500, b/m], retries: 1}\n  counted: {chain: [a/m+status=500, c/m+status=500, c/m], retries: 0}\n", nil, gatewaytest.Options{})
	a := rig.Ask(gatewaytest.ChatRequest("/v1/embeddings", `{"model":"near","input":"some words"}`, ""))
	gatewaytest.MustOK(t, a)
	row := rig.Row(a.Exchange())
	if got := gatewaytest.Tried(row); got != "a500 a500 b200" || row.Tokens == nil || row.Tokens.Input != 2 || row.CostNano == nil {
		t.Errorf("tried %q: %+v", got, row)
	}
	c := rig.Ask(gatewaytest.ChatRequest("/v1/messages/count_tokens", `{"model":"counted","messages":[{"role":"user","content":"some words"}]}`, "", "anthropic-version", "2023-06-01"))
	gatewaytest.MustOK(t, c)
	if got := gatewaytest.Tried(rig.Row(c.Exchange())); got != "a500 c500 c200" || !strings.Contains(c.Body, "input_tokens") {
		t.Errorf("tried %q: %s", got, c.Body)
	}
}

// TestChainAborts holds that a client that hangs up while a chain waits ends it: the
// provider hears of it, and no further one is asked.
func TestChainAborts(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  waits-%s: {chain: [a/m+ttft=15s, c/m]}\n", w)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			rig, mark := rig.With(t), "Hang up "+w.String()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := make(chan error, 1)
			go func() {
				_, err := rig.Try(ctx, w.Request("waits-"+w.String(), mark))
				gone <- err
			}()
			rig.At["a"].Received()
			cancel()
			if err := <-gone; err == nil {
				t.Fatal("an answer came")
			}
			if s := rig.At["a"].Find(mark); s.Ended != sim.EndedClientGone {
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
			if row.Outcome != "cancelled" || row.By != "client" || gatewaytest.Tried(row) != "a-" || row.Tokens != nil {
				t.Errorf("record %+v", row)
			}
			if n := len(rig.Served("c", mark)); n != 0 {
				t.Errorf("the next link got %d requests", n)
			}
		})
	}
}
