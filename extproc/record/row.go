package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// rowOf copies what an exchange was: attempts may still write to it, and a row that
// waits must not keep the exchange's bodies in memory. How it ended is left to the
// Closer.
func rowOf(ex *exchange.Exchange) *policypb.Row {
	by := ex.Attribution()
	r := &policypb.Row{
		Exchange:       ex.ID,
		Revision:       ex.Revision,
		BeganUnixNanos: ex.Started.UnixNano(),
		Dialect:        ex.Dialect,
		Operation:      string(ex.Request.Operation),
		Model:          exchange.Clip(ex.Request.Model, exchange.MaxText),
		Route:          ex.Model,
		Caller:         ex.Caller.Name,
		Hop:            ex.Caller.Hop,
		Tier:           ex.Caller.Tier,
		User:           by.User,
		Team:           by.Team,
		Feature:        by.Feature,
		Session:        by.Session,
		Tags:           by.Tags,
		RequestBytes:   int64(ex.Request.ReceivedBytes),
		Backend:        ex.Route.Backend,
		Provider:       ex.Route.Provider,
		Written:        ex.Route.Written,
		Served:         exchange.Clip(ex.Response.Model, exchange.MaxText),
		ResponseId:     exchange.Clip(ex.Response.ID, exchange.MaxText),
		Tried:          triedIn(ex),
		Stages:         stagesOf(&ex.Timeline),
		Guards:         guardsOf(ex),
		Cache:          cachedOf(ex),
		Dropped:        clipped(ex.Dropped),
		Stream:         ex.Response.Stream,
		Folded:         ex.Response.Folded,
		Status:         int32(ex.Response.Status),
		Finish:         ex.Response.End.Word,
		Error:          errorOf(ex.Response.Error),

		ClientAddress:   ex.ClientAddress,
		ProviderRequest: ex.Response.RequestID,
		DurationNanos:   between(ex.Started, ex.Ended),
	}
	addAsked(r, ex)
	if ex.Own != nil {
		r.Parent = exchange.Clip(ex.Own.Parent, exchange.MaxText)
	}
	r.Attempts = int32(max(ex.Response.AttemptCount, len(r.Tried)))
	addSingle(r, ex)
	for _, v := range []*exchange.Verdict{&ex.Refused, &ex.Replaced} {
		if v.Action != exchange.Pass {
			r.Status, r.Reason = int32(v.Status), string(v.Reason)
		}
	}
	addRefusal(r, ex)
	if !ex.FirstToken.IsZero() {
		r.FirstTokenNanos = new(between(ex.Started, ex.FirstToken))
	}
	r.LeftRequests, r.LeftTokens, r.LeftNanoUsd = left(ex.Limit.Requests), left(ex.Limit.Tokens), left(ex.Limit.Nano)
	addUsage(r, ex)
	return r
}

// addRefusal adds what a client that was refused, or got an error, may do about it.
func addRefusal(r *policypb.Row, ex *exchange.Exchange) {
	if ex.Refused.Action == exchange.Deny {
		r.LimitedBy = ex.Limit.Refused
	}
	if resp := &ex.Response; r.Status >= 400 {
		r.RetryAfterNanos = cmp.Or(exchange.RetryAfter(resp.Out.Set, ex.Ended), exchange.RetryAfter(resp.Headers, ex.Ended)).Nanoseconds()
	}
}

func left(l exchange.Left) *int64 {
	if !l.Known {
		return nil
	}
	return new(l.Amount)
}

// addUsage adds what the exchange consumed, if anything, and what that costs.
func addUsage(r *policypb.Row, ex *exchange.Exchange) {
	u := &ex.Usage
	if u.Source == "" {
		r.UsageSource = string(ex.Counted)
		if ex.Cost.Priced && ex.Response.Origin == exchange.FromProvider { // it is free
			r.CostNanoUsd, r.Price = new(ex.Cost.Nano), ex.Cost.PriceID
		}
		return
	}
	if r.Served == "" {
		r.Served = ex.Route.Serves
	}
	r.UsageSource, r.Searches, r.ServiceTier = string(u.Source), u.Searches, exchange.Clip(u.ServiceTier, exchange.MaxText)
	r.Tokens = tokensOf(u)
	if u.Charge.Said {
		r.ProviderCostNanoUsd = new(u.Charge.Nano)
	}
	if !ex.Cost.Priced {
		r.Unpriced = true
		return
	}
	r.CostNanoUsd, r.Price = new(ex.Cost.Nano), ex.Cost.PriceID
}

// addUnseen adds what an answer consumed that nobody has read: to the attempt, if it stands
// in the row.
func addUnseen(r *policypb.Row, s *exchange.Spent) {
	if s == nil || r.Tokens != nil {
		return
	}
	if n := len(r.Tried); n > 0 && !r.Tried[n-1].Single {
		addSpent(r.Tried[n-1], s)
		return
	}
	r.Tokens, r.UsageSource = tokensOf(&s.Usage), string(s.Usage.Source)
	if r.Unpriced = !s.Cost.Priced; s.Cost.Priced {
		r.CostNanoUsd, r.Price = new(s.Cost.Nano), s.Cost.PriceID
	}
}

func tokensOf(u *canon.Usage) *policypb.Tokens {
	return &policypb.Tokens{
		Input: u.Input, CacheRead: u.CacheRead, CacheWrite_5M: u.CacheWrite5m, CacheWrite_1H: u.CacheWrite1h,
		AudioInput: u.AudioInput, Output: u.Output, Reasoning: u.Reasoning, AudioOutput: u.AudioOutput,
	}
}

// triedIn lists attempts. All but the last have failed, even those with status 200:
// they were tried again.
func triedIn(ex *exchange.Exchange) []*policypb.Attempt {
	list := ex.Attempts.List()
	if len(list) == 0 {
		return nil
	}
	memory, out := make([]policypb.Attempt, len(list)), make([]*policypb.Attempt, len(list))
	for i := range list {
		a, p := &list[i], &memory[i]
		p.Backend, p.Provider, p.Model, p.Status = a.Backend, a.Provider, a.Model, int32(a.Status)
		if a.Written != a.Model {
			p.Written = a.Written
		}
		p.BeganNanos = between(ex.Started, a.Started)
		p.Failed, p.Fault = a.Failed() || i < len(list)-1, string(a.Fault)
		p.RetryAfterNanos, p.DurationNanos = a.RetryAfter.Nanoseconds(), between(a.Started, a.Decided)
		p.TotalNanos = between(a.Started, a.Over)
		if a.Answers {
			p.TotalNanos = between(a.Started, ex.Ended)
			if !ex.FirstToken.IsZero() {
				p.FirstTokenNanos = new(between(a.Started, ex.FirstToken))
			}
		}
		p.Error, p.ProviderRequest = errorOf(a.Error), a.RequestID
		addSpent(p, a.Spent)
		out[i] = p
	}
	return out
}

// errorOf is what a provider said of a failure.
func errorOf(e *exchange.FaultSaid) *policypb.ProviderError {
	if e == nil {
		return nil
	}
	return &policypb.ProviderError{Status: int32(e.Status), Type: e.Type, Code: e.Code, Message: e.Message}
}

// stagesOf lists how long stages took.
func stagesOf(t *exchange.Timeline) (out []*policypb.StageTime) {
	t.Read(func(calls []exchange.Call) {
		memory := make([]policypb.StageTime, len(calls))
		out = make([]*policypb.StageTime, len(calls))
		for i, s := range calls {
			p := &memory[i]
			p.Stage, p.Phase = s.Stage, s.Phase.String()
			p.BeganNanos, p.DurationNanos = max(s.Began, 0).Nanoseconds(), max(s.Took, 0).Nanoseconds()
			out[i] = p
		}
	})
	return out
}

// addSpent adds what an attempt consumed although its answer was not the client's.
func addSpent(p *policypb.Attempt, s *exchange.Spent) {
	if s == nil {
		return
	}
	p.Tokens, p.UsageSource = tokensOf(&s.Usage), string(s.Usage.Source)
	if p.Unpriced = !s.Cost.Priced; s.Cost.Priced {
		p.CostNanoUsd, p.Price = new(s.Cost.Nano), s.Cost.PriceID
	}
}

// maxDropped bounds the list of fields that were left out.
const maxDropped = 256

func clipped(names []string) []string {
	names = slices.Clone(names[:min(len(names), maxDropped)])
	for i := range names {
		names[i] = exchange.Clip(names[i], exchange.MaxText)
	}
	return names
}

// between is a span of time in nanoseconds; 0 if the clock went back.
func between(from, to time.Time) int64 { return max(to.Sub(from), 0).Nanoseconds() }
