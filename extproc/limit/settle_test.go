package limit_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

const wide = "tiers: {t: {rpm: 1000, tpm: 100000, usd_per_day: 1}}\n"

var bob = exchange.Caller{Name: "bob", Tier: "t"}

// TestWhatAnExchangeTookIsSettled holds what of a quota an exchange has taken in the end, by how
// it ended. Its estimate is 20 tokens of input and 100 of output, at the dearest use of the
// chain 0.0022 USD.
func TestWhatAnExchangeTookIsSettled(t *testing.T) {
	const input, output, nano = 20, 100, 20*10_000 + 100*20_000
	reported := func(in, out int64) canon.Usage {
		return canon.Usage{Input: in, Output: out, Source: canon.UsageProvider}
	}
	priced := func(n int64) exchange.Cost { return exchange.Cost{Nano: n, Priced: true} }
	type left struct{ requests, tokens, nano int64 }
	for name, c := range map[string]struct {
		ended func(*exchange.Exchange)
		took  left
	}{
		"reported":             {func(ex *exchange.Exchange) { ex.Usage, ex.Cost = reported(30, 50), priced(700) }, left{1, 80, 700}},
		"more than reserved":   {func(ex *exchange.Exchange) { ex.Usage, ex.Cost = reported(3000, 5000), priced(9_000_000) }, left{1, 8000, 9_000_000}},
		"of a model unpriced":  {func(ex *exchange.Exchange) { ex.Usage = reported(10, 10) }, left{1, 20, 300_000}},
		"an error of theirs":   {func(ex *exchange.Exchange) { ex.Response.Status = 500 }, left{1, 0, 0}},
		"a cached answer":      {answeredByAStage, left{1, 0, 0}},
		"refused below":        {func(ex *exchange.Exchange) { ex.Refused = exchange.Denied(400, exchange.ReasonUnsupported, "") }, left{1, 0, 0}},
		"a fault of ours":      {func(ex *exchange.Exchange) { ex.Refused = exchange.Denied(503, exchange.ReasonJournalFull, "") }, left{0, 0, 0}},
		"left before anything": {func(ex *exchange.Exchange) { ex.Response.Complete, ex.Unseen = false, &exchange.Spent{} }, left{1, input + output, nano}},
		"left and not asked":   {func(ex *exchange.Exchange) { ex.Response.Complete = false }, left{1, 0, 0}},
		"a timeout": {func(ex *exchange.Exchange) {
			ex.Response.Origin, ex.Response.Status, ex.Unseen = exchange.FromEnvoy, 504, &exchange.Spent{}
		}, left{1, input + output, nano}},
		"a timeout that is accounted for": {func(ex *exchange.Exchange) {
			ex.Route.Single, ex.Response.Origin, ex.Response.Status = false, exchange.FromEnvoy, 504
			ex.Attempts.NoteSpent(ex.Attempts.Begin(exchange.Tried{}), exchange.Spent{Usage: reported(20, 0), Cost: priced(400)})
		}, left{1, 20, 400}},
		"not connected": {func(ex *exchange.Exchange) { ex.Response.Origin, ex.Response.Status = exchange.FromEnvoy, 503 },
			left{1, 0, 0}},
		"a failed attempt before": {func(ex *exchange.Exchange) {
			ex.Route.Single = false
			i := ex.Attempts.Begin(exchange.Tried{Status: 200})
			ex.Attempts.NoteSpent(i, exchange.Spent{Usage: reported(20, 5), Cost: priced(400)})
			ex.Attempts.NoteAnswers(ex.Attempts.Begin(exchange.Tried{Status: 200}))
			ex.Usage, ex.Cost = reported(30, 50), priced(700)
		}, left{1, 105, 1100}},
	} {
		r := newRig(t, wide)
		a := r.ask(bob, "chain", `,"max_tokens":100`)
		r.wants(a, 0, "", 0)
		if l := a.Exchange.Limit; l.Requests.Amount != 999 || l.Tokens.Amount != 100_000-input-output || l.Nano.Amount != 1e9-nano {
			t.Errorf("%s: once admitted %+v is left", name, l)
		}
		ex := a.Exchange
		ex.Response.Complete, ex.Response.Status = true, 200
		c.ended(ex)
		a.End(exchange.Outcome{})
		peek := r.list(bob)
		got := left{1000 - peek.Requests.Amount, 100_000 - peek.Tokens.Amount, 1e9 - peek.Nano.Amount}
		if got != c.took {
			t.Errorf("%s: took %+v, want %+v", name, got, c.took)
		}
	}
}

func answeredByAStage(ex *exchange.Exchange) {
	ex.Refused = exchange.Verdict{Action: exchange.Answer, Status: 200}
	ex.Usage = canon.Usage{Input: 30, Output: 50, Source: canon.UsageCached}
	ex.Cost = exchange.Cost{Priced: true}
}

// list is what a list of models says is left.
func (r *rig) list(who exchange.Caller) exchange.Limit {
	r.Helper()
	ex := r.exchange("openai", who, "m", "")
	ex.Model, ex.Request.Operation = "", exchange.Models
	r.join(ex)
	return ex.Limit
}

// TestAClaimThatNobodySettlesComesBack holds so: after the model's total, or after ten minutes.
func TestAClaimThatNobodySettlesComesBack(t *testing.T) {
	r := newRig(t, wide)
	r.ask(bob, "m", "")
	for _, c := range []struct {
		after time.Duration
		whole bool
	}{{10*time.Minute - time.Second, false}, {10 * time.Minute, true}} {
		r.after(c.after)
		if got := r.list(bob).Nano.Amount == 1e9; got != c.whole {
			t.Errorf("after %s it is back: %v", c.after, got)
		}
	}
}
