package limit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/policy"
)

// begin is when the clocks of the tests begin.
var begin = time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)

// rig is a stage whose clock a test moves.
type rig struct {
	testing.TB
	now   time.Time
	kind  *limit.Kind
	stage exchange.Stage
	reg   *prometheus.Registry
	asked int
}

// base has a model at 1 and 2 USD for a million tokens, and a dearer one in a chain with it.
const base = `
version: 1
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
prices: {b/x: {input: 1, output: 2}, b/dear: {input: 10, output: 20}}
models: {m: b/x, chain: {chain: [b/x, b/dear]}, bounded: {chain: [b/x], quota: {rpm: 2}}, free: b/free, brief: {chain: [b/x], total: 1s}}
unpriced: flag
`

// seed are the tiers that are documented.
const seed = `
tiers:
  free: {rpm: 10, tpm: 10000, usd_per_day: 0.10}
  pro: {rpm: 100, tpm: 100000, usd_per_day: 1.00}
  enterprise: {rpm: 1000, tpm: 1000000}
`

// store is a store that a test replaces.
type stores struct{ ledger.Store }

func (s stores) For(*policy.Set) (ledger.Store, error) { return s.Store, nil }
func (stores) Close(context.Context) error             { return nil }

func newRig(t testing.TB, document string) *rig {
	r := &rig{TB: t, now: begin, reg: prometheus.NewRegistry()}
	r.with(ledger.NewMemory(r.time), document)
	return r
}

func (r *rig) time() time.Time { return r.now }

// with serves a policy from a store.
func (r *rig) with(s ledger.Store, document string) {
	r.Helper()
	r.kind = limit.NewKind(limit.Options{Stores: stores{s}, Reg: r.reg, Now: r.time})
	r.use(document)
}

// use serves another policy.
func (r *rig) use(document string) {
	r.Helper()
	set, err := policy.Parse("policy.yaml", []byte(base+document))
	if err != nil {
		r.Fatal(err)
	}
	if r.stage, err = r.kind.Compile(set); err != nil {
		r.Fatal(err)
	}
}

// after moves the clock to a time after begin.
func (r *rig) after(d time.Duration) { r.now = begin.Add(d) }

// asked is one exchange.
type asked struct {
	*exchangetest.Visit
	verdict exchange.Verdict
}

// ask lets a caller ask for a model.
func (r *rig) ask(who exchange.Caller, model, more string) *asked {
	r.Helper()
	return r.askIn("openai", who, model, more)
}

func (r *rig) askIn(dialect string, who exchange.Caller, model, more string) *asked {
	r.Helper()
	return r.join(r.exchange(dialect, who, model, more))
}

func (r *rig) exchange(dialect string, who exchange.Caller, model, more string) *exchange.Exchange {
	r.Helper()
	ex := exchangetest.Ask(r, dialect, fmt.Sprintf(`{"model":%q%s,"messages":[{"role":"user","content":"hi"}]}`, model, more))
	r.asked++
	ex.ID = fmt.Sprintf("exchange-%d", r.asked)
	ex.Caller = who
	ex.Route.Single = true
	return ex
}

// join lets the stage see an exchange.
func (r *rig) join(ex *exchange.Exchange) *asked {
	r.Helper()
	a := &asked{Visit: exchangetest.Join(r, r.stage, ex)}
	a.verdict = a.Request()
	return a
}

// answered ends an exchange with an answer that took so many tokens.
func (a *asked) answered(input, output, nano int64) {
	ex := a.Exchange
	ex.Usage = canon.Usage{Input: input, Output: output, Source: canon.UsageProvider}
	ex.Cost = exchange.Cost{Nano: nano, Priced: true}
	ex.Response.Complete = true
	a.End(exchange.Outcome{Result: exchange.OK})
}

// wants holds a verdict to what refuses.
func (r *rig) wants(a *asked, status int, reason exchange.Reason, wait time.Duration) {
	r.Helper()
	v := a.verdict
	switch {
	case status == 0 && v.Action != exchange.Pass:
		r.Errorf("after %s: refused: %d %s: %s", r.now.Sub(begin), v.Status, v.Reason, v.Message)
	case status != 0 && (v.Status != status || v.Reason != reason || v.Retry != wait):
		r.Errorf("after %s: %d %s, wait %s; want %d %s, %s: %s", r.now.Sub(begin), v.Status, v.Reason, v.Retry, status, reason, wait, v.Message)
	}
}

var ann = exchange.Caller{Name: "ann", Tier: "free"}

// away serves a policy from a store that cannot be asked.
func (r *rig) away(document string) {
	r.reg = prometheus.NewRegistry()
	r.with(away{}, document)
}

// counter is the sum of a counter for one value of its only label.
func (r *rig) counter(name, label string) (sum float64) {
	r.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == label {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
