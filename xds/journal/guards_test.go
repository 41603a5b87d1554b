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

// randomVerdicts are what some guards made of an exchange, each of which has seen it once.
func randomVerdicts(r *rand.Rand) (all []*policypb.GuardVerdict) {
	for _, name := range []string{"cards", "Cards", "words"}[r.IntN(4)%3:] {
		v := &policypb.GuardVerdict{Guard: name, Kind: "pii", Output: r.IntN(2) == 0, Action: "mask", Mode: []string{"enforce", "shadow"}[r.IntN(2)], Result: "pass", DurationNanos: 12_000}
		if r.IntN(2) == 0 {
			v.Result, v.Reason, v.Score, v.Hash = "masked", "pii_found", 0.5, []byte{1, 2}
			v.Types = []*policypb.GuardType{{Type: "CREDIT_CARD", Count: 1 + r.Int64N(3)}, {Type: "A\x00B", Count: 1}}
			v.Spans = []*policypb.GuardSpan{{Text: 1, Start: 2, End: 18, Type: "CREDIT_CARD"}}
		}
		all = append(all, v)
	}
	return all
}

// TestATraceHasTheVerdictsOfGuards holds that all of them are read back as they were sent.
func TestATraceHasTheVerdictsOfGuards(t *testing.T) { onBoth(t, aTraceHasTheVerdictsOfGuards) }

func aTraceHasTheVerdictsOfGuards(t *testing.T, j *Journal) {
	row := exchange(noon, "ann", 1)
	row.Guards = []*policypb.GuardVerdict{
		{Guard: "cards", Kind: "pii", Action: "mask", Mode: "enforce", Result: "masked", Reason: "pii_found", Score: 0.5, Hash: []byte{1, 0xab}, DurationNanos: 12_345,
			Types: []*policypb.GuardType{{Type: "CREDIT_CARD", Count: 2}}, Spans: []*policypb.GuardSpan{{Text: 1, Start: 2, End: 18, Type: "CREDIT_CARD"}}},
		{Guard: "words", Kind: "words", Output: true, Action: "deny", Mode: "shadow", Result: "pass"},
	}
	if err := j.Write(context.Background(), []*policypb.Row{row}); err != nil {
		t.Fatal(err)
	}
	got, err := j.Trace(context.Background(), row.Exchange, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := []Guard{
		{Guard: "cards", Kind: "pii", Direction: "input", Action: "mask", Mode: "enforce", Result: "masked", Reason: "pii_found", Score: 0.5, Hash: "01ab", DurationMS: 0.012,
			Types: []GuardType{{"CREDIT_CARD", 2}}, Spans: []GuardSpan{{1, 2, 18, "CREDIT_CARD"}}},
		{Guard: "words", Kind: "words", Direction: "output", Action: "deny", Mode: "shadow", Result: "pass"},
	}
	if diff := gocmp.Diff(want, got.Guards); diff != "" {
		t.Errorf("guards (-want +got):\n%s", diff)
	}
}

// TestGuardsAreSummedByTheHour holds that the sums are those of the rows, each counted once
// however often it comes, of the hours that the span touches and of the modes that are asked for.
func TestGuardsAreSummedByTheHour(t *testing.T) { onBoth(t, guardsAreSummedByTheHour) }

func guardsAreSummedByTheHour(t *testing.T, j *Journal) {
	r := rand.New(rand.NewPCG(16, 0))
	rows := make([]*policypb.Row, 300)
	for i := range rows {
		rows[i] = randomRow(r)
		rows[i].Guards = randomVerdicts(r)
	}
	for i := 0; i < len(rows); i += 50 {
		if err := j.Write(context.Background(), rows[max(i-20, 0):i+50]); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []GuardQuestion{
		{Since: noon.Add(-48 * time.Hour)}, {Since: noon.Add(-time.Minute), Modes: []string{"shadow"}},
		{Since: noon.Add(-3 * time.Hour), Until: noon.Add(90 * time.Minute), Modes: []string{"enforce", "shadow"}},
	} {
		got, err := j.Guards(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(guardsIn(rows, got.Since, got.Until, q.Modes), got.Guards, cmpopts.EquateEmpty()); diff != "" || len(got.Guards) == 0 {
			t.Errorf("%+v, %d guards (-of rows +got):\n%s", q, len(got.Guards), diff)
		}
		if !got.Since.Equal(q.Since.Truncate(time.Hour)) || !q.Until.IsZero() && !got.Until.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("the hours from %v to %v were asked, of %+v", got.Since, got.Until, q)
		}
	}
}

// guardsIn sums verdicts one by one.
func guardsIn(rows []*policypb.Row, since, until time.Time, modes []string) []GuardSum {
	sums := guardSums{}
	for _, row := range rows {
		at := began(row)
		if at.Before(since) || !until.IsZero() && !at.Before(until) {
			continue
		}
		for _, v := range row.Guards {
			if len(modes) == 1 && v.Mode != modes[0] {
				continue
			}
			of := guardGroup{guard: v.Guard, kind: v.Kind, output: v.Output, mode: v.Mode, action: v.Action}
			if sums[of] == nil {
				sums[of] = &guardSumming{types: map[string]*GuardTypeSum{}, models: map[string]*GuardResults{}}
			}
			sums[of].add(v.Result, 1)
			inMap(sums[of].models, row.Route).add(v.Result, 1)
			for _, found := range v.Types {
				s := inMap(sums[of].types, storable(found.Type))
				s.Type, s.Exchanges, s.Found = storable(found.Type), s.Exchanges+1, s.Found+found.Count
			}
		}
	}
	return sums.sorted()
}

// TestExchangesAreFoundByGuard holds that those are found which a guard of the very name had
// something against, or could not judge.
func TestExchangesAreFoundByGuard(t *testing.T) { onBoth(t, exchangesAreFoundByGuard) }

func exchangesAreFoundByGuard(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for i, verdicts := range [][]*policypb.GuardVerdict{
		nil, {{Guard: "cards", Result: "pass"}}, {{Guard: "cards", Result: "pass"}, {Guard: "cards", Output: true, Result: "denied"}},
		{{Guard: "Cards", Result: "denied"}}, {{Guard: "words", Result: "error"}, {Guard: "cards", Result: "flagged"}}, {{Guard: "card", Result: "denied"}},
	} {
		row := exchange(noon.Add(time.Duration(i)*time.Hour), "ann", 1)
		row.Guards = verdicts
		rows = append(rows, row)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string][]string{
		"cards": {rows[4].Exchange, rows[2].Exchange}, "Cards": {rows[3].Exchange}, "words": {rows[4].Exchange}, "card%": nil, "": nil,
	} {
		if diff := gocmp.Diff(want, listed(t, j, Filter{Is: map[string][]string{"guard": {names, "none"}}}, 7)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", names, diff)
		}
	}
	p, err := j.Exchanges(context.Background(), Filter{Is: map[string][]string{"guard": {"cards"}}, looks: 1}, "", 1)
	if err != nil || len(p.Exchanges) != 1 {
		t.Errorf("a page that looks at one row has %+v, %v: hours were not skipped", p, err)
	}
}

// TestAGuardOfAnyNumberIsNoDanger holds that numbers of which no sum or no JSON can be made
// refuse their own exchange alone.
func TestAGuardOfAnyNumberIsNoDanger(t *testing.T) { onBoth(t, aGuardOfAnyNumberIsNoDanger) }

func aGuardOfAnyNumberIsNoDanger(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for i, v := range []*policypb.GuardVerdict{
		{Score: math.NaN()}, {Score: math.Inf(-1)}, {Types: []*policypb.GuardType{{Type: "a", Count: math.MaxInt64}}}, {Types: []*policypb.GuardType{{Type: "a", Count: math.MinInt64}}}, {Guard: "whole"},
	} {
		row := exchange(noon.Add(time.Duration(i)*time.Second), fmt.Sprint(i), 1)
		row.Guards = []*policypb.GuardVerdict{v}
		rows = append(rows, row)
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, j, Filter{}, 9); len(got) != 1 || got[0] != rows[4].Exchange {
		t.Errorf("stored are %v", got)
	}
}
