package ledger_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Suite(t, func(_ *testing.T, now func() time.Time) ledger.Store { return ledger.NewMemory(now) })
}

func BenchmarkMemory(b *testing.B) {
	m := ledger.NewMemory(time.Now)
	limits := []ledger.Limit{
		{Scope: "user/a", Name: "rpm", Max: 1 << 40, Period: time.Minute, Amount: 1},
		{Scope: "user/a", Name: "tpm", Max: 1 << 40, Period: time.Minute, Amount: 1000},
		{Scope: "user/a", Name: "cost", Max: 1 << 50, Until: time.Now().Add(time.Hour), Amount: 1000},
	}
	ids := make([]string, 4096)
	for i := range ids {
		ids[i] = string(rune('a'+i%26)) + time.Duration(i).String()
	}
	balances, used := make([]ledger.Balance, 3), []int64{1, 500, 500}
	b.ReportAllocs()
	for i := range b.N {
		c := &ledger.Claim{ID: ids[i%len(ids)], Limits: limits, TTL: time.Millisecond}
		if _, err := m.Claim(b.Context(), c, balances); err != nil {
			b.Fatal(err)
		}
		if err := m.Settle(b.Context(), c, used); err != nil {
			b.Fatal(err)
		}
	}
}
