package limit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// TestFiftyWhoAskTogether holds that what is left is exactly what nobody took, and that those who
// ask at the same time exceed their quota by no more than the estimates of as many are wrong.
func TestFiftyWhoAskTogether(t *testing.T) {
	const together, each, estimate, wrong = 50, 8, 120, 7
	r := newRig(t, "tiers: {t: {tpm: 100000}}\nteams: {all: {usd_per_day: 0.01}}\n")
	var took, spent, passed atomic.Int64
	var all sync.WaitGroup
	for i := range together {
		all.Go(func() {
			for j := range each {
				ex := exchangetest.Ask(t, "openai", `{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}`)
				ex.ID, ex.Caller, ex.Route.Single = fmt.Sprintf("%d-%d", i, j), exchange.Caller{Name: "a", Tier: "t", Team: "all"}, true
				v := exchangetest.Join(t, r.stage, ex)
				if v.Request().Action != exchange.Pass {
					continue
				}
				passed.Add(1)
				ex.Usage = canon.Usage{Input: 20, Output: 100 + wrong, Source: canon.UsageProvider}
				ex.Cost = exchange.Cost{Nano: 20_000 + (100+wrong)*2000, Priced: true}
				took.Add(estimate + wrong)
				spent.Add(ex.Cost.Nano)
				v.End(exchange.Outcome{Result: exchange.OK})
			}
		})
	}
	all.Wait()
	left := r.list(exchange.Caller{Name: "a", Tier: "t", Team: "all"})
	if left.Tokens.Amount != 100_000-took.Load() || left.Nano.Amount != 10_000_000-spent.Load() {
		t.Errorf("%+v left after %d tokens and %d nano-USD", left, took.Load(), spent.Load())
	}
	if over := -left.Nano.Amount; over > together*wrong*2000 {
		t.Errorf("the budget is exceeded by %d nano-USD", over)
	}
	if n := passed.Load(); n < 10_000_000/(20_000+107*2000) {
		t.Errorf("%d passed of those that fit", n)
	}
}

// everything bounds a request by eight limits.
const everything = `
tiers: {t: {rpm: 100000000, tpm: 100000000, usd_per_day: 1000000, usd_per_month: 1000000}}
teams: {all: {rpm: 100000000, tpm: 100000000, usd_per_day: 1000000, usd_per_month: 1000000}}
`

// admissions lets requests be admitted and settled, one after the other.
type admissions struct {
	*rig
	ex  *exchange.Exchange
	ids []string
	n   int
}

func newAdmissions(t testing.TB) *admissions {
	a := &admissions{rig: newRig(t, everything), ids: make([]string, 4096)}
	a.ex = a.exchange("openai", exchange.Caller{Name: "a", Tier: "t", Team: "all"}, "brief", "")
	for i := range a.ids {
		a.ids[i] = fmt.Sprintf("exchange-%d", i)
	}
	return a
}

func (a *admissions) admit() exchange.Visit {
	a.n++
	a.now = a.now.Add(10 * time.Millisecond)
	a.ex.ID = a.ids[a.n%len(a.ids)]
	v := a.stage.Join(a.ex)
	if verdict, err := v.Request(context.Background(), &a.ex.Request); err != nil || verdict.Action != exchange.Pass {
		a.Fatal(verdict, err)
	}
	return v
}

// TestAnAdmissionAllocatesLittle holds what the admission of a request allocates by eight limits
// in memory: its visit, and what the ledger keeps of it.
func TestAnAdmissionAllocatesLittle(t *testing.T) {
	a := newAdmissions(t)
	for range 5000 {
		a.admit()
	}
	got := testing.AllocsPerRun(1000, func() { a.admit() })
	if t.Logf("%.0f allocations", got); got > 3 {
		t.Errorf("%.0f allocations, at most 3", got)
	}
}

func BenchmarkAdmissionByEightLimitsInMemory(b *testing.B) {
	a := newAdmissions(b)
	b.ReportAllocs()
	for b.Loop() {
		a.admit()
	}
}

func BenchmarkAdmissionAndSettlementInMemory(b *testing.B) {
	a := newAdmissions(b)
	b.ReportAllocs()
	for b.Loop() {
		a.admit().End(exchange.Outcome{})
	}
}
