package ledger_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/ledgertest"
)

func ids() func() string {
	n := 0
	return func() string { n++; return fmt.Sprint("debt-", n) }
}

// TestDebtsOfBudgetsAddUp holds that what is handed in is what was used, whatever is added when.
func TestDebtsOfBudgetsAddUp(t *testing.T) {
	r, now, id := rand.New(rand.NewPCG(1, 2)), ledgertest.Begin, ids()
	store := ledger.NewMemory(func() time.Time { return now })
	var d ledger.Debts
	until := now.Add(24 * time.Hour)
	want := map[string]int64{}
	handIn := func(scopes int) {
		for _, s := range d.Take(scopes, id, time.Minute, now) {
			for range 2 { // it may come twice
				if err := store.Settle(context.Background(), s.Claim, s.Used); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for range 500 {
		now = now.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		scope, used := fmt.Sprint("team/", r.IntN(5)), int64(r.IntN(1000))
		l := []ledger.Limit{{Scope: scope, Name: "day", Max: 1 << 40, Until: until}, {Scope: scope, Name: "month", Max: 1 << 40, Until: until.AddDate(0, 1, 0)}}
		if n := d.Add(l, l, []int64{used, 2 * used}, now); n != 0 {
			t.Fatal(n, "dropped")
		}
		want[scope] += used
		if r.IntN(10) == 0 {
			handIn(2)
		}
	}
	handIn(100)
	if d.Len() != 0 {
		t.Errorf("%d are left", d.Len())
	}
	for scope, used := range want {
		b := make([]ledger.Balance, 2)
		_ = store.Peek(context.Background(), []ledger.Limit{{Scope: scope, Name: "day", Max: 1 << 40, Until: until}, {Scope: scope, Name: "month", Max: 1 << 40, Until: until.AddDate(0, 1, 0)}}, b)
		if b[0].Left != 1<<40-used || b[1].Left != 1<<40-2*used {
			t.Errorf("%s: %+v, want %d used", scope, b, used)
		}
	}
}

// TestDebtsOfRatesDrain holds that what a rate would have drained is not owed, and that a window
// that has ended is not either.
func TestDebtsOfRatesDrain(t *testing.T) {
	now := ledgertest.Begin
	var d ledger.Debts
	whole := []ledger.Limit{{Scope: "a", Name: "rpm", Max: 60, Period: time.Minute}, {Scope: "a", Name: "day", Max: 100, Until: now.Add(10 * time.Second)}}
	part := []ledger.Limit{whole[0], whole[1]}
	part[0].Max = 30 // of two pairs
	d.Add(whole, part, []int64{20, 7}, now)
	now = now.Add(20 * time.Second) // half a unit a second
	got := d.Take(10, ids(), time.Minute, now)
	if len(got) != 1 || len(got[0].Used) != 1 || got[0].Used[0] != 10 || got[0].Claim.Limits[0].Max != 60 {
		t.Errorf("%+v", got)
	}
	d.Add(whole, part, []int64{20, 0}, now)
	if got := d.Take(10, ids(), time.Minute, now.Add(time.Minute)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestAbsurdAmounts holds that no amount that others report makes a limit look unused.
func TestAbsurdAmounts(t *testing.T) {
	now := ledgertest.Begin
	m := ledger.NewMemory(func() time.Time { return now })
	for i, l := range []ledger.Limit{
		{Scope: "a", Name: "tpm", Max: 100_000_000, Period: time.Minute, Amount: 1},
		{Scope: "a", Name: "day", Max: 1_000_000_000_000_000, Until: now.Add(time.Hour), Amount: 1},
	} {
		for n, used := range []int64{math.MaxInt64, math.MaxInt64, math.MinInt64, -5} {
			c := &ledger.Claim{ID: fmt.Sprint(i, n), TTL: time.Minute, Limits: []ledger.Limit{l}}
			b := make([]ledger.Balance, 1)
			granted, _ := m.Claim(context.Background(), c, b)
			if granted != (n == 0) {
				t.Errorf("%s: claim %d granted: %v, %+v", l.Name, n, granted, b)
			}
			_ = m.Settle(context.Background(), c, []int64{used})
		}
	}
}

// TestStandIn holds that a memory that stands in for a store goes on with its part of the levels.
func TestStandIn(t *testing.T) {
	now := ledgertest.Begin
	m := ledger.NewMemory(func() time.Time { return now })
	whole := []ledger.Limit{{Scope: "a", Name: "rpm", Max: 90, Period: time.Minute}, {Scope: "b", Name: "day", Max: 100, Until: now.Add(time.Hour)}}
	parts := []ledger.Limit{whole[0], whole[1]}
	parts[0].Max, parts[1].Max = 30, 33
	left := func(want ...int64) {
		t.Helper()
		b := make([]ledger.Balance, 2)
		_ = m.Peek(context.Background(), parts, b)
		if b[0].Left != want[0] || b[1].Left != want[1] {
			t.Errorf("%+v, want %d left", b, want)
		}
	}
	m.Learn(whole, parts, []ledger.Balance{{Left: 60}, {Left: -100}})
	left(20, -33)
	now = now.Add(10 * time.Second)
	left(25, -33)
	m.Learn(whole, parts, []ledger.Balance{{Left: 90}, {Left: 100}})
	left(30, 33)
	c := &ledger.Claim{ID: "x", TTL: time.Minute, Limits: parts}
	if own, first := m.SettleOwn(c, []int64{1, 1}); own || first {
		t.Error("a claim of another store is taken for its own")
	}
	left(30, 33)
	_, _ = m.Claim(context.Background(), c, make([]ledger.Balance, 2))
	for i := range 2 {
		if own, first := m.SettleOwn(c, []int64{1, 1}); !own || first != (i == 0) {
			t.Errorf("%d: own %v, first %v", i, own, first)
		}
	}
	left(29, 32)
}
