package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/policypb"
)

var noon = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// randomRow is an exchange of the days around the end of a month.
func randomRow(r *rand.Rand) *policypb.Row {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	at := noon.Add(time.Duration(r.Int64N(int64(50 * time.Hour)))).Add(-25 * time.Hour)
	tokens := func() *policypb.Tokens {
		return &policypb.Tokens{Input: r.Int64N(1000), CacheRead: r.Int64N(9), CacheWrite_5M: r.Int64N(9), CacheWrite_1H: r.Int64N(9),
			AudioInput: r.Int64N(9), Output: r.Int64N(100), Reasoning: r.Int64N(9), AudioOutput: r.Int64N(9)}
	}
	row := &policypb.Row{
		Exchange: ulid.MustNewDefault(at).String(), BeganUnixNanos: at.UnixNano(), Operation: pick("chat", "chat", "embeddings", "models"),
		Route: pick("m", "n"), Caller: pick("ci", "web", ""), Tier: pick("free", ""), User: pick("ann", "eve", "", "=cmd()"),
		Team: pick("red", "blue"), Feature: pick("chat", ""), Backend: pick("a", "b"), Provider: pick("p", "q"), Status: 200, Outcome: pick("ok", "ok", "blocked"),
		By: pick("", "", "client", "gateway", "provider", "unknown"), Tokens: tokens(), UsageSource: pick("provider", "provider", "estimated"),
		Searches: r.Int64N(3), DurationNanos: r.Int64N(1e10), FirstTokenNanos: new(r.Int64N(1e9)), CostNanoUsd: new(r.Int64N(1e9)),
		Price: pick("provider", "openai/gpt-4o@2026-11-19"),
	}
	if r.IntN(5) == 0 {
		row.CostNanoUsd, row.Price, row.Unpriced = nil, "", true
	}
	if r.IntN(3) == 0 {
		row.Tried = []*policypb.Attempt{{Backend: "c", Model: "x", Tokens: tokens(), UsageSource: pick("provider", "estimated"), CostNanoUsd: new(r.Int64N(1e9))}}
	}
	row.Cache = randomCache(r, row)
	return row
}

// scanned sums rows one by one.
func scanned(rows []*policypb.Row, since, until time.Time, by func(*entry) string) map[string]Cost {
	sums := map[string]*rollup{}
	for _, r := range rows {
		for _, e := range entriesOfOne(r) {
			if at := began(r); r.Operation == "models" || at.Before(since) || !at.Before(until) {
				continue
			}
			if sums[by(&e)] == nil {
				sums[by(&e)] = newRollup()
			}
			sums[by(&e)].add(&e)
		}
	}
	out := map[string]Cost{}
	for name, s := range sums {
		out[name] = s.cost(true)
	}
	return out
}

// TestCostsAreTheSumOfRows holds so of any span, whichever hours it cuts. Lists of models cost
// nothing and are no requests to them.
func TestCostsAreTheSumOfRows(t *testing.T) { onBoth(t, costsAreTheSumOfRows) }

func costsAreTheSumOfRows(t *testing.T, j *Journal) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	rows := make([]*policypb.Row, 400)
	for i := range rows {
		rows[i] = randomRow(r)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	by := map[string]func(*entry) string{
		"user": func(e *entry) string { return e.User }, "backend": func(e *entry) string { return e.backend },
		"caller": func(e *entry) string { return e.Caller }, "tier": func(e *entry) string { return e.Tier },
		"day":  func(e *entry) string { return began(e.Row).UTC().Format(time.DateOnly) },
		"hour": func(e *entry) string { return began(e.Row).UTC().Format("2006-01-02T15:00Z") }, "month": func(e *entry) string { return began(e.Row).UTC().Format("2006-01") },
	}
	for i := range 40 {
		since := noon.Add(time.Duration(r.Int64N(int64(30 * time.Hour)))).Add(-26 * time.Hour)
		until := since.Add(time.Duration(r.Int64N([]int64{int64(time.Minute), int64(time.Hour), int64(40 * time.Hour)}[i%3]) + 1))
		if i%4 == 0 {
			since = since.Truncate(time.Hour)
		}
		for name, of := range by {
			got, err := j.Costs(context.Background(), Question{By: []string{name}, Since: since, Until: until, Latency: true})
			if err != nil {
				t.Fatal(err)
			}
			lines := map[string]Cost{}
			for _, l := range got.Lines {
				lines[l.Of[0]] = l.Cost
			}
			if diff := cmp.Diff(scanned(rows, since, until, of), lines); diff != "" {
				t.Fatalf("%s from %v until %v (-rows +costs):\n%s", name, since, until, diff)
			}
			if diff := cmp.Diff(scanned(rows, since, until, func(*entry) string { return "" })[""], got.Total); diff != "" && len(lines) > 0 {
				t.Fatalf("total from %v until %v (-rows +costs):\n%s", since, until, diff)
			}
		}
	}
}

// TestLinesAreInOrder holds that times come in theirs, and else the dearest first.
func TestLinesAreInOrder(t *testing.T) { onBoth(t, linesAreInOrder) }

func linesAreInOrder(t *testing.T, j *Journal) {
	rows := []*policypb.Row{exchange(noon, "ann", 5), exchange(noon.Add(time.Hour), "ann", 9), exchange(noon.Add(time.Hour), "eve", 70), exchange(noon, "zoe", 6)}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    Question
		want []string
	}{
		{Question{By: []string{"user"}}, []string{"[eve] 70", "[ann] 14", "[zoe] 6"}},
		{Question{By: []string{"hour", "user"}}, []string{"[2026-06-30T12:00Z zoe] 6", "[2026-06-30T12:00Z ann] 5", "[2026-06-30T13:00Z eve] 70", "[2026-06-30T13:00Z ann] 9"}},
		{Question{By: []string{"month"}, Only: map[string][]string{"user": {"ann", "zoe"}}}, []string{"[2026-06] 20"}},
		{Question{By: []string{"user"}, Only: map[string][]string{"user": {"zoe' OR 1=1"}}}, nil},
	} {
		c.q.Since = noon.Add(-time.Minute)
		if c.q.Only == nil {
			c.q.Only = map[string][]string{}
		}
		c.q.Only["backend"] = []string{"b"}
		got, err := j.Costs(context.Background(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, l := range got.Lines {
			lines = append(lines, fmt.Sprint(l.Of, l.Nano))
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("%+v: %q, want %q", c.q, lines, c.want)
		}
	}
}

// TestHoursWithoutRowsAreWhole holds that an hour whose rows are no longer kept is not cut: the
// answer names the longer span.
func TestHoursWithoutRowsAreWhole(t *testing.T) { onBoth(t, hoursWithoutRowsAreWhole) }

func hoursWithoutRowsAreWhole(t *testing.T, j *Journal) {
	ctx := context.Background()
	if err := j.Write(ctx, []*policypb.Row{exchange(noon, "ann", 5), exchange(noon.Add(50*time.Hour), "ann", 9)}); err != nil {
		t.Fatal(err)
	}
	q := Question{By: []string{"user"}, Only: map[string][]string{"backend": {"b"}}, Since: noon.Add(30 * time.Minute), Until: noon.Add(50*time.Hour + time.Second)}
	for _, c := range []struct {
		since time.Time
		nano  int64
	}{{q.Since, 9}, {noon, 14}} {
		got, err := j.Costs(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Since.Equal(c.since) || !got.Until.Equal(q.Until) || got.Total.Nano != c.nano {
			t.Errorf("since %v until %v: %d, want since %v: %d", got.Since, got.Until, got.Total.Nano, c.since, c.nano)
		}
		now := time.Now().Add(2 * late)
		if err := j.Tidy(ctx, now.Sub(noon.Add(24*time.Hour)), now); err != nil {
			t.Fatal(err)
		}
	}
}
