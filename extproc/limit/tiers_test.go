package limit_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// tiers are those that are documented, with answers that cost as much as they may on average.
var tiers = []struct {
	name          string
	rpm, tpm, day int64 // the last in nano-USD; 0: no bound
}{
	{"free", 10, 10_000, 100_000_000},
	{"pro", 100, 100_000, 1_000_000_000},
	{"enterprise", 1000, 1_000_000, 0},
}

// TestRequestsPerMinute holds each tier to its requests: all of them at once, then evenly.
func TestRequestsPerMinute(t *testing.T) {
	for _, tier := range tiers {
		r := newRig(t, seed)
		who := exchange.Caller{Name: "k", Tier: tier.name}
		step := time.Minute / time.Duration(tier.rpm)
		for range tier.rpm {
			a := r.ask(who, "m", `,"max_tokens":1`)
			r.wants(a, 0, "", 0)
			a.answered(1, 1, 1)
		}
		for i := range 5 {
			at := time.Duration(i) * step
			r.after(at)
			if i > 0 {
				r.wants(r.ask(who, "m", `,"max_tokens":1`), 0, "", 0)
			}
			r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonLimit, step)
			r.after(at + step/2)
			r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonLimit, step/2)
		}
	}
}

// TestTokensPerMinute holds each tier to its tokens by what answers took.
func TestTokensPerMinute(t *testing.T) {
	for _, tier := range tiers {
		r := newRig(t, seed)
		who := exchange.Caller{Name: "k", Tier: tier.name}
		a := r.ask(who, "m", `,"max_tokens":100`)
		r.wants(a, 0, "", 0)
		a.answered(tier.tpm/2, tier.tpm/2, 1)
		refused := r.ask(who, "m", `,"max_tokens":100`)
		if v := refused.verdict; v.Status != 429 || v.Type != "tokens" {
			t.Fatalf("%s: %+v", tier.name, v)
		}
		r.now = r.now.Add(refused.verdict.Retry - time.Microsecond)
		if v := r.ask(who, "m", `,"max_tokens":100`).verdict; v.Retry != time.Millisecond {
			t.Errorf("%s: a moment before, it is to wait for %s", tier.name, v.Retry)
		}
		r.now = r.now.Add(time.Microsecond)
		r.wants(r.ask(who, "m", `,"max_tokens":100`), 0, "", 0)
	}
}

// TestBudgetOfADay holds each tier to its USD until midnight.
func TestBudgetOfADay(t *testing.T) {
	for _, tier := range tiers {
		r := newRig(t, seed)
		who := exchange.Caller{Name: "k", Tier: tier.name}
		r.ask(who, "m", `,"max_tokens":1`).answered(1, 1, tier.day-tier.day/100)
		r.ask(who, "m", `,"max_tokens":1`).answered(1, 1, tier.day/100)
		a := r.ask(who, "m", `,"max_tokens":1`)
		if tier.day == 0 {
			r.wants(a, 0, "", 0)
			continue
		}
		r.wants(a, 429, exchange.ReasonBudget, 14*time.Hour)
		if a.verdict.Type != "insufficient_quota" || a.Exchange.Limit.Refused != "tier "+tier.name+" usd_per_day" {
			t.Errorf("%s: %+v, %+v", tier.name, a.verdict, a.Exchange.Limit)
		}
		r.after(14 * time.Hour)
		r.wants(r.ask(who, "m", `,"max_tokens":1`), 0, "", 0)
	}
}
