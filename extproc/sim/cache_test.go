package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

func long(tokens int) string { return strings.Repeat(" word", tokens) }

func TestAutomaticCache(t *testing.T) {
	clock := NewInstant(testStart)
	s, r := start(t, Options{Clock: clock})
	n := 0
	cached := func(key, model, system, user string) int {
		body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"system","content":%q},{"role":"user","content":%q}]}`, model, system, user)
		ask(t, r, "POST", "/v1/chat/completions", body, "Authorization: Bearer "+key)
		n++
		return last(t, s, n).Usage.CacheRead
	}
	for _, c := range []struct {
		name, key, model, system, user string
		want                           int
	}{
		{"first sight", "a", "m", long(1500), "x", 0},
		{"the same prefix, another question", "a", "m", long(1500), "y", 1408}, // 11 × 128 ≤ 3 + 3 + 1500
		{"another key", "b", "m", long(1500), "x", 0},
		{"another model", "a", "m2", long(1500), "x", 0},
		{"a prefix of it", "a", "m", long(1100), "x", 1024}, // ends at 1106, in the ninth step
		{"another start", "a", "m", "x" + long(1500), "x", 0},
		{"too short", "a", "m", long(900), "x", 0},
		{"too short again", "a", "m", long(900), "x", 0},
	} {
		if got := cached(c.key, c.model, c.system, c.user); got != c.want {
			t.Errorf("%s: %d cached, want %d", c.name, got, c.want)
		}
	}
	clock.Sleep(t.Context(), openAITTL)
	if got := cached("a", "m", long(1500), "x"); got != 0 {
		t.Errorf("after its life: %d cached", got)
	}
	s.Reset()
	n = 0
	if got := cached("a", "m", long(1500), "x"); got != 0 {
		t.Errorf("after a reset: %d cached", got)
	}
}

func TestMarkedCache(t *testing.T) {
	clock := NewInstant(testStart)
	s, r := start(t, Options{Clock: clock})
	n := 0
	usage := func(system, first, second string) Usage {
		block := func(text, cache string) string {
			return fmt.Sprintf(`{"type":"text","text":%q%s}`, text, cache)
		}
		body := `{"model":"c+tokens=1","max_tokens":9,"system":[` + block(long(2000), system) + `],"messages":[{"role":"user","content":[` +
			block(long(1000), first) + `,` + block("x", second) + `]}]}`
		if got := ask(t, r, "POST", "/v1/messages", body); got.status != 200 {
			t.Fatal(got.body)
		}
		n++
		return last(t, s, n).Usage
	}
	const (
		short = `,"cache_control":{"type":"ephemeral"}`
		hour  = `,"cache_control":{"type":"ephemeral","ttl":"1h"}`
		sys   = wire.PrimeTokens + wire.FrameTokens + 2000 // to the end of system
		turn  = wire.FrameTokens + 1000                    // to the end of the first block
	)
	for _, c := range []struct {
		name                  string
		system, first, second string
		wait                  time.Duration
		want                  Usage
	}{
		{"no mark", "", "", "", 0, Usage{Input: sys + turn + 1, Output: 1}},
		{"written for an hour and five minutes", hour, short, "", 0, Usage{Input: 1, CacheWrite1h: sys, CacheWrite5m: turn, Output: 1}},
		{"read", hour, short, "", 0, Usage{Input: 1, CacheRead: sys + turn, Output: 1}},
		{"read without that mark, by looking back", "", "", short, 0, Usage{CacheRead: sys + turn, CacheWrite5m: 1, Output: 1}},
		{"read again before five minutes", hour, short, "", 4 * time.Minute, Usage{Input: 1, CacheRead: sys + turn, Output: 1}},
		{"which renewed them", hour, short, "", 4 * time.Minute, Usage{Input: 1, CacheRead: sys + turn, Output: 1}},
		{"the five minutes are over", hour, short, "", 6 * time.Minute, Usage{Input: 1, CacheRead: sys, CacheWrite5m: turn, Output: 1}},
		{"the hour too", short, "", "", 2 * time.Hour, Usage{Input: turn + 1, CacheWrite5m: sys, Output: 1}},
	} {
		clock.Sleep(t.Context(), c.wait)
		if got := usage(c.system, c.first, c.second); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := promptCache{entries: map[uint64]cacheEntry{}}
	for i := range uint64(maxCached + 10) {
		c.put(i, time.Minute, testStart)
	}
	if len(c.entries) != maxCached || len(c.order) != maxCached || c.has(9, testStart) || !c.has(10, testStart) {
		t.Errorf("%d entries, %d in order", len(c.entries), len(c.order))
	}
}

func TestCountTokens(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "Hello!": 2, "Be brief.": 3, "abcdefgh": 1, "abcdefghi": 2, " abcdefgh": 1, "a  b": 3, "a\n\nb": 3, " ": 1,
		"中文": 2, "é😀": 2, "👩‍👧": 3, "\xff": 1, "x  ": 2, "a.b": 3,
	} {
		if got := wire.CountTokens(text); got != want || strings.Join(wire.Split(text), "") != text {
			t.Errorf("%q: %d %q, want %d", text, got, wire.Split(text), want)
		}
	}
}
