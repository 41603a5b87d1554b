package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/policy/policypb"
)

// firstEntry is the entry that tests ask for.
const firstEntry = "01KT1NNZHT00000000000000E1"

// june is when the exchanges of most tests began.
var june = time.Date(2026, 6, 1, 12, 0, 0, 250e6, time.UTC)

// idOf is the id of an exchange by when it began and by its number.
func idOf(at time.Time, n byte) string {
	id := ulid.ULID{15: n}
	_ = id.SetTime(uint64(at.UnixMilli()))
	return id.String()
}

// cacheRow is an exchange with what the cache made of it.
func cacheRow(at time.Time, n byte, c *policypb.CacheUse) *policypb.Row {
	row := someRow()
	row.Exchange, row.BeganUnixNanos = idOf(at, n), at.UnixNano()
	row.Tried, row.Stages, row.FirstTokenNanos, row.Cache = nil, nil, nil, c
	return row
}

// givenRow is an exchange whose answer came from the cache.
func givenRow(at time.Time, n byte, c *policypb.CacheUse) *policypb.Row {
	row := cacheRow(at, n, c)
	row.Backend, row.Provider, row.Attempts, row.Price, row.UsageSource, row.CostNanoUsd = "", "", 0, "", "cached", new(int64(0))
	return row
}

// cacheRows are exchanges of each kind: the first one is kept as an entry, which others are given.
func cacheRows(at time.Time) []*policypb.Row {
	use := func(result string, similarity float64) *policypb.CacheUse {
		c := &policypb.CacheUse{Result: result, Entry: firstEntry, Source: idOf(at, 1), AgeNanos: 90e9}
		if similarity > 0 {
			c.Similarity, c.Embedder = &similarity, "static-1"
		}
		return c
	}
	hit, semantic, verified, other, rules := use("hit", 0), use("semantic_hit", 0.96875), use("verified", 0.975), use("verified", 0), use("miss", 0.9921875)
	hit.SavedNanoUsd, hit.SavedNanos, semantic.SavedNanos = new(int64(3_150_000)), 1_999_000_000, 1_500_000_000
	verified.Verdict, verified.NotStored, other.Verdict = "other", "tool_calls", "same"
	rules.Reason, rules.Rules, rules.NotStored = "rules", []string{"number", "unit"}, "incomplete"
	return []*policypb.Row{
		cacheRow(at, 1, &policypb.CacheUse{Result: "miss", Reason: "unknown", Stored: firstEntry}), givenRow(at, 2, hit), givenRow(at, 3, semantic), cacheRow(at, 4, verified), cacheRow(at, 5, other), cacheRow(at, 6, rules),
		cacheRow(at, 7, use("shadow_hit", 0.953125)), cacheRow(at, 8, use("shadow_hit", 0)), cacheRow(at, 9, use("shadow_hit", 0.96)), cacheRow(at, 10, &policypb.CacheUse{Result: "bypassed", Reason: "no_store", NotStored: "no_store"}), cacheRow(at, 11, nil),
	}
}

// TestWhatTheCacheDid holds the tables of what was given, of what was wrong and of reasons.
func TestWhatTheCacheDid(t *testing.T) {
	r := newJournalRig(t, cacheRows(june)...)
	const head = "What the cache made of exchanges from 2026-06-01T00:00Z to 2026-06-02T00:00Z\n\n"
	r.want(printed{out: head + `MODEL      LOOKUPS  HITS  HIT_RATE  EXACT  SEMANTIC  COALESCED  SHADOW  SAVED_USD  SAVED_S  STORED
assistant  9        2     22.2%     1      1         0          3       0.00315    3.5      1
TOTAL      9        2     22.2%     1      1         0          3       0.00315    3.5      1

MODEL      WRONG                          SEMANTIC
assistant  1 of 2, 50.0% (9.5% to 90.5%)  1 of 1, 100.0% (20.7% to 100.0%)
TOTAL      1 of 2, 50.0% (9.5% to 90.5%)  1 of 1, 100.0% (20.7% to 100.0%)

WHAT        WHY         EXCHANGES
no_hit      no_store    1
no_hit      rules       1
no_hit      unknown     1
not_stored  incomplete  1
not_stored  no_store    1
not_stored  tool_calls  1
`}, "cache", "stats", "--in", "2026-06-01")
	r.want(printed{out: head + "(no exchange had to do with a cache)\n"}, "cache", "stats", "--in", "2026-06-01", "--model", "other")
	var report struct {
		By   []string
		Rows []struct {
			Of      map[string]string
			Lookups int
		}
	}
	out := r.run("cache", "stats", "--in", "2026-06-01", "--by", "caller,day", "-o", "json").out
	if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Rows) != 1 || report.Rows[0].Lookups != 9 || !cmp.Equal(report.Rows[0].Of, map[string]string{"caller": "ci", "day": "2026-06-01"}) {
		t.Errorf("as JSON: %v, %s", err, out)
	}
}

// TestWhatShadowWouldHaveGiven holds the sums, what would have been saved, and that the least
// similar hits come first.
func TestWhatShadowWouldHaveGiven(t *testing.T) {
	r := newJournalRig(t, cacheRows(june)...)
	r.want(printed{out: `What caches in shadow would have given from 2026-06-01T00:00Z to 2026-06-02T00:00Z

MODEL      LOOKUPS  WOULD-HIT  SHARE  EXACT  SEMANTIC  WOULD-SAVE_USD  WOULD-SAVE_S
assistant  9        3          33.3%  1      2         0.00945         6.0
TOTAL      9        3          33.3%  1      2         0.00945         6.0

SIMILARITY  EXCHANGE                    MODEL      ENTRY                       FIRST-GIVEN-TO
0.9531      ` + idOf(june, 7) + `  assistant  ` + firstEntry + `  ` + idOf(june, 1) + `
0.9600      ` + idOf(june, 9) + `  assistant  ` + firstEntry + `  ` + idOf(june, 1) + `
`}, "cache", "shadow", "--in", "2026-06-01")
	var s cacheShadow
	if err := json.Unmarshal([]byte(r.run("cache", "shadow", "--in", "2026-06-01", "--lowest", "1", "-o", "json").out), &s); err != nil || len(s.Lowest) != 1 || s.Lowest[0].Exchange != idOf(june, 7) || s.Total.Shadow.Hits != 3 {
		t.Errorf("as JSON: %v, %+v", err, s)
	}
	r.want(printed{out: "What caches in shadow would have given from 2026-06-01T00:00Z to 2026-06-02T00:00Z\n\n(no cache in shadow would have given an answer)\n"}, "cache", "shadow", "--in", "2026-06-01", "--model", "other")
	r.want(printed{code: 2, err: "headgate: --lowest must not be below 0, is -1\n"}, "cache", "shadow", "--lowest", "-1")
}

// TestWhyTheCache holds the words for each kind of an exchange.
func TestWhyTheCache(t *testing.T) {
	r := newJournalRig(t, cacheRows(june)...)
	entry := "entry " + firstEntry + ", which was first given to exchange " + idOf(june, 1) + ", 1m30s before.\n"
	for n, want := range map[byte]string{
		2: "The answer to an equal request was given.\nThat answer is " + entry + "No provider was asked: that saved 0.00315 USD, and it was there 2.0s sooner.\n",
		3: "The answer to a question that means the same was given.\nThat answer is " + entry + "The similarity of both questions is 0.9688, by the embedder static-1.\n" +
			"No provider was asked: what it cost when it was first given is not known, and it was there 1.5s sooner.\n",
		4: "An answer from the cache would have been given, but this request was one of those that are asked anew to verify hits: the fresh answer says something else, so the one from the cache would have been wrong.\n" +
			"That answer is " + entry + "The similarity of both questions is 0.9750, by the embedder static-1.\nThe answer is not kept: it calls tools.\n",
		6: "No answer from the cache was given: the most similar question differs by rules.\nThe nearest is " + entry + "The similarity of both questions is 0.9922, by the embedder static-1.\n" +
			"They differ in a number.\nThey differ in a unit.\nThe answer is not kept: it is not whole.\n",
		8:  "An answer from the cache would have been given, but the cache is in shadow.\nThat answer is " + entry,
		10: "No answer was looked for: the client says that nothing is to be kept (no-store).\nThe answer is not kept: the client says that nothing is to be kept (no-store).\n",
		11: "The cache had nothing to do with this exchange: its model has none, or it was refused before.\n",
	} {
		r.want(printed{out: want}, "cache", "why", idOf(june, n))
	}
	r.want(printed{out: "No answer from the cache was given: there is none.\nThe answer is kept as entry " + firstEntry + ".\n"}, "cache", "why", idOf(june, 1))
	var x explanation
	if err := json.Unmarshal([]byte(r.run("cache", "why", idOf(june, 2), "-o", "json").out), &x); err != nil || x.Exchange != idOf(june, 2) || x.Cache.Result != "hit" || len(x.Why) != 3 {
		t.Errorf("as JSON: %v, %+v", err, x)
	}
	r.want(printed{code: 1, err: "headgate: the journal does not hold \"none\": it may be under way, or be no longer kept\n"}, "cache", "why", "none")
}

// TestWhoWasGivenAnEntry holds that those are listed, and not those of which it was the nearest.
func TestWhoWasGivenAnEntry(t *testing.T) {
	at := ago(1)
	r := newJournalRig(t, append(cacheRows(at), cacheRow(at, 20, &policypb.CacheUse{Result: "miss", Stored: "alone"}))...)
	began := at.UTC().Format("2006-01-02T15:04:05Z")
	source := "Entry " + firstEntry + " holds the answer that was first given to exchange " + idOf(at, 1) + "."
	r.want(printed{out: source + "\n\n" +
		"TIME                  EXCHANGE                    RESULT        SIMILARITY  MODEL      CALLER  VERDICT\n" +
		began + "  " + idOf(at, 9) + "  shadow_hit    0.9600      assistant  ci      -\n" +
		began + "  " + idOf(at, 8) + "  shadow_hit    -           assistant  ci      -\n" +
		began + "  " + idOf(at, 7) + "  shadow_hit    0.9531      assistant  ci      -\n" +
		began + "  " + idOf(at, 5) + "  verified      -           assistant  ci      same\n" +
		began + "  " + idOf(at, 4) + "  verified      0.9750      assistant  ci      other\n" +
		began + "  " + idOf(at, 3) + "  semantic_hit  0.9688      assistant  ci      -\n" +
		began + "  " + idOf(at, 2) + "  hit           -           assistant  ci      -\n",
	}, "cache", "why", firstEntry)
	r.want(printed{out: "Entry alone holds the answer that was first given to exchange " + idOf(at, 20) + ". No other was given it.\n"}, "cache", "why", "alone")
	var u entryUses
	if err := json.Unmarshal([]byte(r.run("cache", "why", firstEntry, "-o", "json", "--limit", "2").out), &u); err != nil || !u.More || len(u.Given) != 2 || u.Source != idOf(at, 1) {
		t.Errorf("as JSON: %v, %+v", err, u)
	}
}

// TestListsAndTracesShowTheCache holds the mark of a list, its filters, and the line of a trace.
func TestListsAndTracesShowTheCache(t *testing.T) {
	r := newJournalRig(t, cacheRows(june)...)
	const header = "TIME                  EXCHANGE                    OUTCOME  FAILED-BY  STATUS  MODEL      BACKEND  USER  INPUT  OUTPUT  COST_USD  TOOK\n"
	line := func(n byte, backend, cost string) string {
		return "2026-06-01T12:00:00Z  " + idOf(june, n) + "  ok       -          200     assistant  " + backend + "  ann   450    120     " + cost + "  2.0s\n"
	}
	r.want(printed{out: header + line(3, "(cache)", "0       ") + line(2, "(cache)", "0       ")}, "exchanges", "--in", "2026-06-01", "--cache", "hit")
	r.want(printed{out: header + line(2, "(cache)", "0       ")}, "exchanges", "--in", "2026-06-01", "--cache", "exact")
	r.want(printed{out: header + line(6, "claude ", "0.00315 ") + line(1, "claude ", "0.00315 ")}, "exchanges", "--in", "2026-06-01", "--cache", "miss", "--entry", firstEntry)
	for n, want := range map[byte][]string{
		1: {"served    claude-4 of claude (anthropic)\n", "cache     miss (unknown), kept as " + firstEntry + "\n"},
		2: {"served    claude-4 from the cache\n", "cache     hit, entry " + firstEntry + ", 1m30s old, saved 0.00315 USD, 2.0s sooner\n", "120 out (20 of reasoning), cached\n", "cost      0 USD\n"},
		4: {"cache     verified, entry " + firstEntry + ", similarity 0.9750, 1m30s old, fresh answer: other, not kept (tool_calls)\n"},
		6: {"cache     miss (rules, number, unit), entry " + firstEntry + ", similarity 0.9922, 1m30s old, not kept (incomplete)\n"},
	} {
		got := r.run("trace", idOf(june, n)).out
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the trace of %d has no %q: %s", n, w, got)
			}
		}
	}
	if got := r.run("trace", idOf(june, 11)).out; strings.Contains(got, "cache   ") {
		t.Errorf("the cache had nothing to do with it: %s", got)
	}
}

// TestEveryRuleHasWords holds that no rule is shown as a code.
func TestEveryRuleHasWords(t *testing.T) {
	for _, rule := range append(verify.Rules, "later") {
		if text := ruleInWords(rule); strings.Contains(text, `"`) != (rule == "later") {
			t.Errorf("%s: %s", rule, text)
		}
	}
}

// TestNothingOfTheCacheReachesTheTerminal holds that what a pair says is made inert.
func TestNothingOfTheCacheReachesTheTerminal(t *testing.T) {
	const bad = "\x1b[2J\r\x07 \u202e"
	var rows []*policypb.Row
	for i, result := range []string{bad, "shadow_hit", "semantic_hit", "miss"} {
		c := &policypb.CacheUse{Result: result, Reason: bad, Entry: "e", Source: bad, Similarity: new(0.5), Embedder: bad, Rules: []string{bad}, Stored: bad, NotStored: bad, Verdict: bad}
		rows = append(rows, cacheRow(ago(1), byte(i), c))
		rows[i].Route = bad
	}
	r := newJournalRig(t, rows...)
	for _, line := range []string{"cache stats", "cache shadow", "cache why e", "cache why " + rows[0].Exchange, "cache why " + rows[3].Exchange, "trace " + rows[0].Exchange, "cache why e -o json", "cache shadow -o json"} {
		got := r.run(strings.Split(line, " ")...)
		if found := unsafeOutput.FindString(got.out + got.err); found != "" || got.code != 0 || !strings.Contains(got.out, "[2J") {
			t.Errorf("%q ends with %d and prints %q in %q", line, got.code, found, got.out+got.err)
		}
	}
}
