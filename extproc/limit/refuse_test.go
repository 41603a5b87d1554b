package limit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
)

// away is a store that cannot be asked.
type away struct{ ledger.Store }

var errAway = errors.New("away")

func (away) Claim(context.Context, *ledger.Claim, []ledger.Balance) (bool, error) {
	return false, errAway
}
func (away) Settle(context.Context, *ledger.Claim, []int64) error         { return errAway }
func (away) Peek(context.Context, []ledger.Limit, []ledger.Balance) error { return errAway }

// TestBalancesThatCannotBeKnown holds that whoever has a quota is refused meanwhile, that a
// shadow refuses nobody, and that no answer says what is left.
func TestBalancesThatCannotBeKnown(t *testing.T) {
	r := &rig{TB: t, now: begin}
	r.away(seed + "teams: {shadow: {rpm: 1, mode: shadow}}\n")
	r.wants(r.ask(ann, "m", ""), 503, exchange.ReasonLimitsLost, time.Second)
	r.wants(r.ask(exchange.Caller{Name: "x"}, "m", ""), 0, "", 0)
	a := r.ask(exchange.Caller{Name: "x", Team: "shadow"}, "m", "")
	r.wants(a, 0, "", 0)
	a.Respond(200, "{}")
	a.End(exchange.Outcome{})
	if l := r.list(ann); l != (exchange.Limit{}) {
		t.Errorf("a list says %+v", l)
	}
	if n := r.counter("headgate_limit_store_errors_total", "claim"); n != 2 {
		t.Errorf("%v errors are counted, want 2", n)
	}
}

// TestWhatNeverFits holds what is refused for good, with the numbers, and what an Anthropic client
// gets.
func TestWhatNeverFits(t *testing.T) {
	r := newRig(t, "tiers: {t: {tpm: 200}, money: {usd_per_month: 0.0001}, short: {tpm: 14}, cheap: {usd_per_month: 0.000001}, shadow: {tpm: 1, mode: shadow}}\n")
	who := func(tier string) exchange.Caller { return exchange.Caller{Name: "a", Tier: tier} }
	for _, c := range []struct {
		dialect, tier, more string
		status              int
		says                string
	}{
		{"openai", "t", "", 0, ""},
		{"openai", "short", "", 400, `estimated at 515 tokens (15 of input and 500 of output): tier "short" allows 14 per minute`},
		{"openai", "cheap", "", 400, `tier "cheap" allows 0.000001 USD per month`},
		{"openai", "money", "", 0, ""},
		{"openai", "t", `,"max_tokens":1000`, 400, "500 of output"},
		{"openai", "t", `,"max_tokens":100`, 0, ""},
		{"openai", "t", `,"max_tokens":100,"n":2`, 400, "200 of output"},
		{"openai", "t", `,"max_completion_tokens":100`, 0, ""},
		{"anthropic", "t", `,"max_tokens":1000`, 413, "500 of output"},
		{"openai", "money", `,"max_tokens":100`, 400, `estimated at 0.000219 USD (19 of input and 100 of output tokens): tier "money" allows 0.0001 USD per month`},
		{"openai", "t", `,"max_tokens":1,"n":9223372036854775807`, 400, "50000000 of output"},
		{"openai", "t", `,"max_tokens":9223372036854775807,"n":4611686018427387904`, 400, "50000000 of output"},
		{"openai", "t", `,"max_tokens":-5,"n":-5`, 0, ""},
		{"openai", "shadow", "", 0, ""},
	} {
		a := r.askIn(c.dialect, who(c.tier), "m", c.more)
		if v := a.verdict; v.Status != c.status || !strings.Contains(v.Message, c.says) || v.Retry != 0 {
			t.Errorf("%s, %s%s: %d, wait %s: %s", c.dialect, c.tier, c.more, v.Status, v.Retry, v.Message)
		}
		a.End(exchange.Outcome{})
	}
}

// TestABudgetNeedsAPrice holds that a model without one is refused to whoever has a budget, and
// to nobody else.
func TestABudgetNeedsAPrice(t *testing.T) {
	r := newRig(t, seed+"teams: {shadow: {usd_per_day: 1, mode: shadow}}\n")
	r.wants(r.ask(ann, "free", ""), 403, exchange.ReasonUnpriced, 0)
	r.wants(r.ask(exchange.Caller{Name: "x", Tier: "enterprise"}, "free", ""), 0, "", 0)
	r.wants(r.ask(exchange.Caller{Name: "x", Team: "shadow"}, "free", ""), 0, "", 0)
}

// TestTheLongestWaitIsNamed holds that of several limits that ran out the one is named that will
// longest not suffice.
func TestTheLongestWaitIsNamed(t *testing.T) {
	r := newRig(t, "tiers: {t: {rpm: 1, usd_per_day: 0.001}}\nteams: {a: {rpm: 2}}\n")
	who := exchange.Caller{Name: "a", Tier: "t", Team: "a"}
	r.ask(who, "m", `,"max_tokens":1`).answered(1, 1, 0)
	r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonLimit, time.Minute)
	r.after(time.Minute)
	r.ask(who, "m", `,"max_tokens":1`).answered(1, 1, 1_000_000)
	r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonBudget, 14*time.Hour-time.Minute)
}

// TestEstimatesLearn holds what a request is estimated at, before and after enough answers.
func TestEstimatesLearn(t *testing.T) {
	r := newRig(t, wide)
	reserved := func(more string) int64 {
		before := r.list(bob).Tokens.Amount
		a := r.ask(bob, "m", more)
		a.End(exchange.Outcome{})
		return before - a.Exchange.Limit.Tokens.Amount
	}
	if n := reserved(""); n != 15+500 {
		t.Errorf("at first it is %d tokens", n)
	}
	for i := range int64(100) {
		a := r.ask(bob, "m", "") // 59 bytes
		a.Exchange.Usage = canon.Usage{Input: 30, Output: 10, Source: canon.UsageProvider}
		if i%20 == 0 {
			a.Exchange.Usage.Output = 3000
		}
		a.Exchange.Response.Complete = true
		a.End(exchange.Outcome{})
		r.now = r.now.Add(time.Minute)
	}
	if n := reserved(""); n < 30+10 || n > 30+12 {
		t.Errorf("after a hundred answers, of which 95 are of 10 tokens, it is %d", n)
	}
	for range 20 {
		a := r.ask(bob, "m", "")
		a.answered(30, 1000, 1)
		r.now = r.now.Add(time.Minute)
	}
	if n := reserved(""); n < 1030 || n > 1230 {
		t.Errorf("once a sixth of the answers are of 1000 tokens, it is %d", n)
	}
	if n := reserved(`,"max_tokens":4`); n < 34 || n > 42 {
		t.Errorf("bounded by four tokens it is %d", n)
	}
}
