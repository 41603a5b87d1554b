package journal

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/policy/policypb"
)

// randomCache is what the cache made of an exchange, which costs nothing if its answer came from
// there; nil: nothing.
func randomCache(r *rand.Rand, row *policypb.Row) *policypb.CacheUse {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	c := &policypb.CacheUse{Result: pick("", "hit", "semantic_hit", "coalesced", "miss", "miss", "shadow_hit", "verified", "bypassed"), SavedNanos: r.Int64N(1e10)}
	if r.IntN(2) == 0 {
		c.Similarity = new(r.Float64())
	}
	switch c.Result {
	case "":
		return nil
	case "hit", "semantic_hit", "coalesced":
		c.Entry, c.SavedNanoUsd = pick("e1", "e2"), new(r.Int64N(1e9))
		row.UsageSource, row.CostNanoUsd, row.Unpriced, row.Tried = "cached", new(int64(0)), false, nil
	case "miss":
		c.Reason, c.Stored = pick("unknown", "rules"), pick("", "e1", "e2", "e3")
	case "verified":
		c.Entry, c.Verdict = "e1", pick("", "same", "other")
	case "bypassed":
		c.Reason = "no_store"
	}
	if c.Stored == "" {
		c.NotStored = pick("", "no_store", "incomplete")
	}
	return c
}

// TestATraceHasWhatTheCacheMadeOfIt holds that it is read back as it was sent.
func TestATraceHasWhatTheCacheMadeOfIt(t *testing.T) { onBoth(t, aTraceHasWhatTheCacheMadeOfIt) }

func aTraceHasWhatTheCacheMadeOfIt(t *testing.T, j *Journal) {
	row, first := exchange(noon.Add(time.Minute), "ann", 0), exchange(noon, "ann", 5)
	first.ResponseId, row.ResponseId, row.UsageSource = "chatcmpl-1", "chatcmpl-1", "cached"
	row.Cache = &policypb.CacheUse{Result: "semantic_hit", Reason: "r", Entry: "e", Source: first.Exchange, Similarity: new(0.96875), Embedder: "static-1", Rules: []string{"number", "\x00"},
		AgeNanos: 90e9, SavedNanoUsd: new(int64(5)), SavedNanos: 1_500_000, Stored: "f", NotStored: "no_store", Verdict: "same"}
	if err := j.Write(context.Background(), []*policypb.Row{row, first}); err != nil {
		t.Fatal(err)
	}
	got, err := j.Trace(context.Background(), row.Exchange, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := &Cache{Result: "semantic_hit", Reason: "r", Entry: "e", Source: first.Exchange, Similarity: new(0.96875), Embedder: "static-1", Rules: []string{"number", "\x00"},
		AgeS: 90, SavedNano: new(int64(5)), SavedMS: 1.5, Stored: "f", NotStored: "no_store", Verdict: "same"}
	if diff := gocmp.Diff(want, got.Cache); diff != "" || got.Tokens.Input != 10 {
		t.Errorf("%+v (-want +got):\n%s", got.Tokens, diff)
	}
	if got, err := j.Trace(context.Background(), "chatcmpl-1", noon); err != nil || got.Exchange != first.Exchange || got.Cache != nil {
		t.Errorf("the provider gave its response to %+v, %v", got, err)
	}
}

// TestAnswersFromTheCacheConsumeNothing holds that costs have what they saved, and not the tokens of
// when they were first given, whether they are summed from rows or from rollups.
func TestAnswersFromTheCacheConsumeNothing(t *testing.T) {
	onBoth(t, answersFromTheCacheConsumeNothing)
}

func answersFromTheCacheConsumeNothing(t *testing.T, j *Journal) {
	rows := make([]*policypb.Row, 5)
	for i, result := range []string{"hit", "miss", "bypassed", "verified", ""} {
		rows[i] = exchange(noon, "ann", 7)
		rows[i].Backend, rows[i].Tried, rows[i].Searches = "", nil, 1
		if result != "" {
			rows[i].Cache = &policypb.CacheUse{Result: result, SavedNanoUsd: new(int64(40))}
		}
	}
	rows[0].UsageSource, rows[0].CostNanoUsd = "cached", new(int64(0))
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	want := Cost{Requests: 5, Tokens: Tokens{Input: 40, Output: 8}, Searches: 4, Nano: 28, Saved: 40, Lookups: 3, Hits: 1}
	for _, q := range []Question{{Since: noon}, {Since: noon.Add(-time.Minute), Until: noon.Add(time.Minute)}, {Since: noon.Truncate(24 * time.Hour), By: []string{"day"}}} {
		got, err := j.Costs(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got.Total); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

// TestUsesOfTheCacheAreSummed holds what each use adds to the sums, and the shares.
func TestUsesOfTheCacheAreSummed(t *testing.T) { onBoth(t, usesOfTheCacheAreSummed) }

func usesOfTheCacheAreSummed(t *testing.T, j *Journal) {
	near := new(0.97)
	var rows []*policypb.Row
	for _, c := range []*policypb.CacheUse{
		{Result: "hit", SavedNanoUsd: new(int64(40)), SavedNanos: 1e9}, {Result: "semantic_hit", Similarity: near, SavedNanoUsd: new(int64(2)), SavedNanos: 5e8}, {Result: "coalesced"},
		{Result: "miss", Reason: "unknown", Stored: "e1"}, {Result: "miss", Reason: "rules", Similarity: near, NotStored: "tool_calls"}, {Result: "bypassed", Reason: "no_store", NotStored: "no_store"},
		{Result: "shadow_hit", SavedNanos: 3}, {Result: "shadow_hit", Similarity: near}, {Result: "verified", Verdict: "same"}, {Result: "verified", Similarity: near, Verdict: "other"},
		{Result: "verified", Similarity: near, Verdict: "same"}, {Result: "verified"}, nil,
	} {
		row := exchange(noon, "ann", 100)
		row.Cache = c
		rows = append(rows, row)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	got, err := j.Cache(context.Background(), CacheQuestion{Since: noon.Add(time.Minute), By: []string{"model"}})
	if err != nil {
		t.Fatal(err)
	}
	want := CacheSum{Exchanges: 12, Lookups: 11, Hits: 3, HitRate: new(3.0 / 11), SavedNano: 42, SavedS: 1.5, Stored: 1,
		Results:   map[string]int64{"hit": 1, "semantic_hit": 1, "coalesced": 1, "miss": 2, "bypassed": 1, "shadow_hit": 2, "verified": 4},
		Reasons:   map[string]int64{"unknown": 1, "rules": 1, "no_store": 1},
		NotStored: map[string]int64{"tool_calls": 1, "no_store": 1},
		Shadow:    CacheShadow{Hits: 2, Semantic: 1, Nano: 214, Seconds: 4}, // each has an attempt that cost 7
		Verified:  CacheVerdict{Same: 2, Other: 1, Wrong: new(1.0 / 3), Low: new(0.0615), High: new(0.7923)},
		Semantic:  CacheVerdict{Same: 1, Other: 1, Wrong: new(0.5), Low: new(0.0945), High: new(0.9055)},
	}
	approximate := cmpopts.EquateApprox(0, 5e-5)
	if diff := gocmp.Diff([]CacheLine{{[]string{"m"}, want}}, got.Lines, approximate); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(want, got.Total, approximate); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	none, err := j.Cache(context.Background(), CacheQuestion{Since: noon.Add(time.Hour)})
	if diff := gocmp.Diff(CacheSum{Results: map[string]int64{}, Reasons: map[string]int64{}, NotStored: map[string]int64{}}, none.Total); diff != "" || err != nil || len(none.Lines) != 0 {
		t.Errorf("of nothing: %v, %+v (-want +got):\n%s", err, none.Lines, diff)
	}
	for _, q := range []CacheQuestion{{By: []string{"user"}}, {By: []string{"x"}}, {Only: map[string][]string{"hour": {"1"}}}} {
		if _, err := j.Cache(context.Background(), q); err == nil {
			t.Errorf("%+v has an answer", q)
		}
	}
}

// TestUsesOfTheCacheAreCountedOnce holds that sums are those of the rows, however often these come,
// by each dimension, of the hours that the span touches and of the values that are asked for.
func TestUsesOfTheCacheAreCountedOnce(t *testing.T) { onBoth(t, usesOfTheCacheAreCountedOnce) }

func usesOfTheCacheAreCountedOnce(t *testing.T, j *Journal) {
	r := rand.New(rand.NewPCG(17, 0))
	rows := make([]*policypb.Row, 300)
	for i := range rows {
		rows[i] = randomRow(r)
	}
	for i := 0; i < len(rows); i += 50 {
		if err := j.Write(context.Background(), rows[max(i-20, 0):i+50]); err != nil {
			t.Fatal(err)
		}
	}
	for name, of := range map[string]func(*policypb.Row) string{
		"model": (*policypb.Row).GetRoute, "caller": (*policypb.Row).GetCaller, "team": (*policypb.Row).GetTeam, "feature": (*policypb.Row).GetFeature,
		"hour": func(r *policypb.Row) string { return began(r).UTC().Format("2006-01-02T15:00Z") }, "day": func(r *policypb.Row) string { return began(r).UTC().Format(time.DateOnly) },
		"month": func(r *policypb.Row) string { return began(r).UTC().Format("2006-01") },
	} {
		q := CacheQuestion{By: []string{name}, Only: map[string][]string{"team": {"red"}}, Since: noon.Add(-150 * time.Minute), Until: noon.Add(9 * time.Hour)}
		got, err := j.Cache(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, lines := map[string]int64{}, map[string]int64{}
		for _, row := range rows {
			if at := began(row); row.Cache != nil && row.Team == "red" && !at.Before(noon.Add(-3*time.Hour)) && at.Before(q.Until) {
				want[of(row)+" "+row.Cache.Result]++
				want[of(row)]++
			}
		}
		for _, l := range got.Lines {
			lines[l.Of[0]] = l.Exchanges
			for result, n := range l.Results {
				lines[l.Of[0]+" "+result] = n
			}
		}
		if diff := gocmp.Diff(want, lines); diff != "" || len(lines) == 0 {
			t.Errorf("%s (-of rows +got):\n%s", name, diff)
		}
	}
}

// TestExchangesAreFoundByTheCache holds that they are by what came of it, and by the entry that they
// were given, that was the nearest, or as which their answer is kept.
func TestExchangesAreFoundByTheCache(t *testing.T) { onBoth(t, exchangesAreFoundByTheCache) }

func exchangesAreFoundByTheCache(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for i, c := range []*policypb.CacheUse{
		{Result: "miss", Stored: "e1"}, {Result: "hit", Entry: "e1"}, nil, {Result: "semantic_hit", Entry: "e2"}, {Result: "miss", Entry: "e1", Stored: "e3"}, {Result: "bypassed"},
	} {
		row := exchange(noon.Add(time.Duration(i)*time.Hour), "ann", 1)
		row.Cache = c
		rows = append(rows, row)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		is   map[string][]string
		want []int
	}{
		{is("cache", "hit", "semantic_hit"), []int{3, 1}}, {is("cache", "miss"), []int{4, 0}}, {is("cache", ""), []int{2}}, {is("entry", "e1"), []int{4, 1, 0}}, {is("entry", "e3", "e2"), []int{4, 3}},
		{is("entry", "E1"), nil}, {is("entry", ""), nil}, {map[string][]string{"entry": {"e1"}, "cache": {"hit"}}, []int{1}},
	} {
		var want []string
		for _, i := range c.want {
			want = append(want, rows[i].Exchange)
		}
		if diff := gocmp.Diff(want, listed(t, j, Filter{Is: c.is}, 7)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.is, diff)
		}
	}
	p, err := j.Exchanges(context.Background(), Filter{Is: is("entry", "e1"), Until: noon.Add(time.Minute), looks: 1}, "", 1)
	if err != nil || len(p.Exchanges) != 1 {
		t.Errorf("a page that looks at one row has %+v, %v: hours were not skipped", p, err)
	}
}

// TestACacheOfAnyNumberIsNoDanger holds that numbers of which no sum or no JSON can be made refuse
// their own exchange alone.
func TestACacheOfAnyNumberIsNoDanger(t *testing.T) { onBoth(t, aCacheOfAnyNumberIsNoDanger) }

func aCacheOfAnyNumberIsNoDanger(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for i, c := range []*policypb.CacheUse{
		{Result: "miss", Similarity: new(math.NaN())}, {Result: "miss", Similarity: new(math.Inf(1))}, {Result: "hit", SavedNanoUsd: new(int64(math.MaxInt64))}, {Result: "hit", SavedNanos: math.MinInt64}, {Result: "hit"},
	} {
		row := exchange(noon.Add(time.Duration(i)*time.Second), fmt.Sprint(i), 1)
		row.Cache = c
		rows = append(rows, row)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, j, Filter{}, 9); len(got) != 1 || got[0] != rows[4].Exchange {
		t.Errorf("stored are %v", got)
	}
}
