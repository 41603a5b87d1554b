// Package meter is the stage that turns usage into cost.
//
// The promise: money is integer arithmetic, summed in pico-USD and rounded once;
// a model without a price costs what its provider says, or is flagged: it is never free. The
// trap: the price is that of the model which the provider says it served, at the moment of the
// exchange.
package meter

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// CostHeader reports to the client what a JSON answer cost, in USD.
const CostHeader = "x-headgate-cost-usd"

// Kind makes the stages of all policies. It is safe for concurrent use.
type Kind struct {
	now     func() time.Time
	metrics *metrics
}

// NewKind makes a Kind, and registers its metrics.
func NewKind(now func() time.Time, reg prometheus.Registerer) *Kind {
	return &Kind{now: now, metrics: newMetrics(reg)}
}

// Name returns "meter".
func (k *Kind) Name() string { return "meter" }

// Compile makes a stage that looks prices up in the policy's catalogue.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	return &stage{prices: set.Prices, backends: set.Backends, models: set.Models, now: k.now, metrics: k.metrics}, nil
}

// Close releases nothing.
func (k *Kind) Close(context.Context) error { return nil }

// stage prices exchanges by one policy. It is safe for concurrent use.
type stage struct {
	prices   *price.Catalogue
	backends map[string]*policy.Backend
	models   map[string]*policy.Model
	now      func() time.Time
	metrics  *metrics
}

// Name returns "meter".
func (s *stage) Name() string { return "meter" }

// Phases names the phases that show usage.
func (s *stage) Phases() exchange.Phases {
	return exchange.OnAttempt | exchange.OnResponse | exchange.OnEvents | exchange.OnEnd
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit { return &visit{stage: s, ex: ex} }

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage  *stage
	ex     *exchange.Exchange
	priced bool // Cost is final
}

// Response implements exchange.Visit. It prices a whole answer.
func (v *visit) Response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if resp.Stream || !v.billed() {
		return exchange.Verdict{}, nil
	}
	v.close()
	if v.ex.Cost.Priced {
		resp.Out.SetHeader(CostHeader, price.FormatNano(v.ex.Cost.Nano))
	}
	return exchange.Verdict{}, nil
}

// Events implements exchange.Visit. It prices a stream that has ended. One that failed is
// priced again at the end: a provider that still sends may report its usage.
func (v *visit) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	for i := range events {
		if events[i].Ends() {
			v.close()
			v.priced = v.priced && events[i].Kind == canon.EventDone
		}
		emit(&events[i])
	}
	return exchange.Verdict{}, nil
}

// End implements exchange.Visit.
func (v *visit) End(exchange.Outcome) {
	if v.billed() {
		v.close()
		v.stage.metrics.count(v.ex.Route.Backend, &v.ex.Usage, &v.ex.Cost)
	}
	v.ex.Attempts.Account(v.spent)
	if t := v.unread(); t != nil {
		v.ex.Unseen = v.consumed(t)
	}
}

// billed reports whether a provider was asked, even if a stage answers in its place.
func (v *visit) billed() bool {
	return v.ex.Response.Origin == exchange.FromProvider || v.ex.Usage.Source == canon.UsageProvider
}

// close completes what the exchange consumed and costs.
func (v *visit) close() {
	if v.ex.Request.Operation.OfKept() {
		v.ex.Usage = canon.Usage{} // the exchange that it answered was charged
		return
	}
	v.estimate()
	v.price()
}

// estimate fills the usage of an answer for which no report came although text
// did, or one that does not say all: the provider bills for it, whoever hung up. Input that the stream's first
// event reported is kept. An answer that is not there yet is estimated as a whole: whoever reads
// it later pays nothing.
func (v *visit) estimate() {
	u := &v.ex.Usage
	if v.counted(u) || !billable(v.ex) {
		return
	}
	v.complete(u, v.ex.Response.TextBytes)
	if v.ex.Response.Unfinished {
		u.Output = max(u.Output, unfinished(v.ex.Request.MaxTokens))
	}
}

// counted reports whether the provider has counted what the exchange consumed. All but answers
// of a model consume input alone.
func (v *visit) counted(u *canon.Usage) bool {
	return u.Source == canon.UsageProvider && (v.ex.Request.Operation != exchange.Chat || u.Whole())
}

// usualOutput is how many tokens an answer is taken to have that is not there yet.
const usualOutput = 500

// unfinished is how many tokens an answer is taken to have whose client bounds it; 0: it does not.
func unfinished(bound int64) int64 {
	if bound > 0 {
		return min(bound, usualOutput)
	}
	return usualOutput
}

// complete fills a usage by the request, and by the text that came.
func (v *visit) complete(u *canon.Usage, text int64) {
	v.ex.Estimate(u, text)
}

// billable reports whether a provider answered something that it bills for.
func billable(ex *exchange.Exchange) bool {
	resp, op := &ex.Response, ex.Request.Operation
	if resp.Stream || resp.Folded {
		return resp.TextBytes > 0 || resp.Said > 0
	}
	return resp.Complete && resp.Origin == exchange.FromProvider && !resp.Failed && resp.Status < 300 && !op.Free()
}

// price sets the cost, once.
func (v *visit) price() {
	ex := v.ex
	if v.priced {
		return
	}
	r := &ex.Route
	switch {
	case ex.Usage.Source != "":
		v.priced = true
		ex.Cost = v.stage.cost(&ex.Usage, r.Provider, r.Backend, ex.Response.Model, r.Serves)
	case ex.Request.Operation == exchange.Moderations && ex.Response.Status < 300 && !ex.Response.Failed:
		v.priced = true
		ex.Cost = v.stage.costFree(r.Provider, r.Backend, ex.Response.Model, r.Serves)
	}
}
