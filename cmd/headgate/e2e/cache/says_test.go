package cache

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAHitSaysWhatItIs holds what headers, rows and metrics say of an answer that is given again:
// whose it is, that it costs nothing, and what that saves.
func TestAHitSaysWhatItIs(t *testing.T) {
	t.Parallel()
	r := start(t, "  again: {chain: [sim/plain], cache: {}}\n  without: sim/plain\n", "", nil)
	var saved int64
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			question := "What is said of " + w.String() + "?"
			first := r.Ask(w.Request("again", question))
			wants(t, first, "miss unknown")
			paid := r.Row(first.Exchange())
			if c := paid.Cache; c == nil || c.Result != "miss" || c.Stored == "" || c.NotStored != "" || c.SavedNano != nil {
				t.Fatalf("the first row %+v", c)
			}
			again := r.Ask(w.Request("again", question))
			wants(t, again, "hit")
			r.checkHeaders(t, again, paid.Cache.Stored)
			row := r.Row(again.Exchange())
			c := row.Cache
			if c == nil || c.Result != "hit" || c.Reason != "" || c.Entry != paid.Cache.Stored || c.Source != first.Exchange() || c.Stored != "" || c.Similarity != nil {
				t.Fatalf("the row of the hit %+v", c)
			}
			if *paid.CostNano == 0 || c.SavedNano == nil || *c.SavedNano != *paid.CostNano || *row.CostNano != 0 || row.UsageSource != "cached" {
				t.Errorf("%v nano-USD are saved of %d, and %d spent (%s)", c.SavedNano, *paid.CostNano, *row.CostNano, row.UsageSource)
			}
			if *row.Tokens != *paid.Tokens || row.Attempts != 0 || row.Backend != "" || row.Provider != "" || row.Served != "plain" || row.Outcome != "ok" || row.Status != 200 {
				t.Errorf("the row %+v", row)
			}
			r.asked(t, question, 1)
			saved += *c.SavedNano
		})
	}
	for series, want := range map[string]float64{
		`headgate_cache_requests_total{model="again",result="hit"}`:  4,
		`headgate_cache_requests_total{model="again",result="miss"}`: 4,
		`headgate_cache_saved_usd_total{model="again"}`:              float64(saved) / 1e9,
	} {
		if got := r.Metric(series); got < want*0.999999 || got > want*1.000001 {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	a := r.Chat(gatewaytest.ChatBody("without", "No cache.", false), "")
	wants(t, a, "")
	if row := r.Row(a.Exchange()); row.Cache != nil {
		t.Errorf("the row of a model without a cache says %+v", row.Cache)
	}
}

// checkHeaders holds the headers of a hit.
func (r *rig) checkHeaders(t *testing.T, a gatewaytest.Answer, entry string) {
	t.Helper()
	got := a.Internals()
	if got["x-headgate-cache-key"] != entry || got["x-headgate-cost-usd"] != "0" || got["x-headgate-exchange-id"] == "" {
		t.Errorf("headers %v, want the entry %s", got, entry)
	}
	for _, name := range []string{"x-headgate-cache-similarity", "x-headgate-cache-reason", "x-headgate-backend", "x-headgate-attempts"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s: %s", name, v)
		}
	}
	if age, err := strconv.Atoi(a.Header.Get("age")); err != nil || age < 0 || age > 60 {
		t.Errorf("age %q", a.Header.Get("age"))
	}
}

// TestClientsNarrowTheCache holds what a client says of the cache by cache-control.
func TestClientsNarrowTheCache(t *testing.T) {
	t.Parallel()
	r := start(t, "  again: {chain: [sim/plain], cache: {}}\n  short: {chain: [sim/plain], cache: {ttl: 1s}}\n", "", nil)
	for i, c := range []struct {
		name     string
		control  string
		want     string // of the request that says so, after an answer was kept
		then     string // of the next one, which says nothing
		thenText string
	}{
		{"nothing", "", "hit", "hit", "first"},
		{"no-store", "no-store", "bypassed no-store", "hit", "first"},
		{"no-cache", "no-cache", "bypassed no-cache", "hit", "second"},
		{"both", "no-cache, no-store", "bypassed no-store", "hit", "first"},
		{"in other letters", " No-Cache ,foo=bar", "bypassed no-cache", "hit", "second"},
		{"max-age of nothing", "max-age=0", "bypassed no-cache", "hit", "second"},
		{"max-age that nobody can read", "max-age=soon", "bypassed no-cache", "hit", "second"},
		{"max-age that is long", "max-age=3600", "hit", "hit", "first"},
		{"what would widen it", "max-stale=99999, only-if-cached, public, immutable", "hit", "hit", "first"},
	} {
		for _, w := range gatewaytest.Ways {
			t.Run(fmt.Sprintf("%s, %s", c.name, w), func(t *testing.T) {
				r := r.with(t)
				ask := func(text string, header ...string) gatewaytest.Answer {
					return r.Ask(w.Request("again", fmt.Sprintf("Narrow %d of %s", i, w), append(header, "x-sim", "text="+text)...))
				}
				r.stored(t, ask("first"))
				second := ask("second", "cache-control", c.control)
				wants(t, second, c.want)
				r.used(t, second) // its end is over
				third := ask("third")
				wants(t, third, c.then)
				if text := w.Text(t, third); text != c.thenText {
					t.Errorf("the next one gets %q", text)
				}
			})
		}
	}
	t.Run("no-store keeps nothing", func(t *testing.T) {
		r := r.with(t)
		body := gatewaytest.ChatBody("again", "Keep nothing of this.", false)
		a := r.Chat(body, "", "cache-control", "no-store")
		wants(t, a, "bypassed no-store")
		if c := r.used(t, a); c.Stored != "" || c.NotStored != "no_store" {
			t.Errorf("the row says %+v", c)
		}
		wants(t, r.Chat(body, ""), "miss unknown")
	})
	t.Run("a bound of the answer", func(t *testing.T) {
		r := r.with(t)
		r.stored(t, r.Chat(gatewaytest.ChatBody("again", "How long is it?", false), "tokens=20"))
		bounded := func(n string) gatewaytest.Answer {
			return r.Chat(strings.Replace(gatewaytest.ChatBody("again", "How long is it?", false), "{", `{"max_completion_tokens":`+n+`,`, 1), "tokens=30")
		}
		wants(t, bounded("20"), "hit")
		wants(t, bounded("19"), "miss too-long")
		wants(t, bounded("20"), "hit")
	})
	t.Run("an answer has its time", func(t *testing.T) {
		r := r.with(t)
		body := gatewaytest.ChatBody("short", "How long is it kept?", false)
		r.stored(t, r.Chat(body, "text=first"))
		r.Eventually("an end of it", func() bool { return result(r.Chat(body, "text=second")) == "miss unknown" })
	})
	t.Run("max-age is the age", func(t *testing.T) {
		r := r.with(t)
		body := gatewaytest.ChatBody("again", "How old is this?", false)
		r.stored(t, r.Chat(body, "text=first"))
		r.Eventually("an answer that is too old", func() bool {
			a := r.Chat(body, "text=second", "cache-control", "max-age=1")
			return result(a) == "miss too-old"
		})
		r.asked(t, "How old is this?", 2)
	})
}
