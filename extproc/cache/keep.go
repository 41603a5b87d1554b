package cache

import (
	"slices"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/cachepb"
	"github.com/headgate/headgate/policy/policypb"
)

// End implements exchange.Visit. It keeps the answer if it may be given again, and gives it to those
// who wait for it.
func (v *visit) End(o exchange.Outcome) {
	var kept *cachepb.Entry
	if v.flight != nil {
		defer func() {
			v.stage.kind.flights.land(store.Key(v.digest.All), v.flight, kept, left(o))
		}()
	}
	c := &v.ex.Cached
	if c.Result.Given() {
		v.notGiven()
		return
	}
	if !v.wantsCopy() {
		return
	}
	dialect, body, reason := v.answer(o)
	said := read(dialect, body)
	if v.hit != nil && said != nil {
		c.Verdict = v.compare(said)
	}
	if reason == "" {
		reason = v.unfit(said, len(body))
	}
	if reason != "" {
		c.NotStored = reason
		return
	}
	e := v.entry(dialect, body)
	if e.Stored = v.ex.Started.UnixNano(); v.stage.handle.Purged(e) { // a purge of it came meanwhile
		c.NotStored = exchange.CachePurged
		return
	}
	e.Stored, kept = v.now().UnixNano(), e
	v.stage.handle.Put(kept)
	c.Stored, c.NotStored = kept.GetId(), ""
}

// left reports whether an exchange ended because its client left, as far as it is known by then:
// Envoy says later who ended an exchange whose answer was not whole.
func left(o exchange.Outcome) bool {
	return o.Result == exchange.Cancelled && o.By == exchange.ByClient || o.Result == exchange.Cut && o.By == exchange.ByUnknown
}

// notGiven takes back what the client did not get: it has left, or a guard has refused the answer.
func (v *visit) notGiven() {
	c := &v.ex.Cached
	switch {
	case v.ex.Replaced.Action == exchange.Deny:
		c.Reason = exchange.CacheGuarded
	case v.ex.Refused.Action == exchange.Answer:
		return
	}
	c.Result, c.Saved, c.Sooner = exchange.CacheMiss, exchange.Cost{}, 0
}

// answer is what the backend said, and in which dialect; nil, and why: it is no answer that may be
// given again.
func (v *visit) answer(o exchange.Outcome) (dialect string, body []byte, reason exchange.CacheReason) {
	ex, resp := v.ex, &v.ex.Response
	switch {
	case resp.Status != 200 || resp.Failed || resp.Origin != exchange.FromProvider:
		return "", nil, exchange.CacheUnsuccessful
	case v.guarded():
		return "", nil, exchange.CacheGuarded
	case o.Result != exchange.OK || resp.Unreadable > 0:
		return "", nil, exchange.CacheIncomplete
	case v.body != nil:
		return v.spoken(), v.body, ""
	case v.copy == nil:
		return "", nil, ex.Cached.NotStored
	}
	body, whole := v.copy.answer()
	switch {
	case whole:
		return ex.Dialect, body, v.copy.unfit
	case v.copy.large:
		return "", nil, exchange.CacheTooLarge
	}
	return "", nil, exchange.CacheIncomplete
}

// spoken is the dialect of the backend that answered; empty: it is not known which one did.
func (v *visit) spoken() string {
	b, m := v.stage.set.Backends[v.ex.Route.Backend], v.stage.set.Models[v.ex.Model]
	if b == nil || m == nil {
		return ""
	}
	return m.Asked(b, v.ex.Dialect)
}

// askers are the members of answers that say again what a request says of who asks, which is no part of
// its hash: they are not for who gets the answer again.
var askers = []string{"metadata", "user", "safety_identifier", "prompt_cache_key"}

// withoutAsker returns an answer without them. One that has none is returned as it is.
func withoutAsker(body []byte) []byte {
	edits := scan.Reshape(nil, body, func(m *scan.Members) (scan.Fate, []byte) {
		if slices.Contains(askers, string(m.Key())) && !canon.Void(m.Value()) {
			return scan.Dropped, nil
		}
		return scan.Kept, nil
	})
	if len(edits) == 0 {
		return body
	}
	return scan.Splice(make([]byte, 0, len(body)), body, edits)
}

// guarded reports whether a guard has not passed the answer, or has had it made anew. What one
// masked that asks others would be given again unmasked, for nobody is asked then.
func (v *visit) guarded() bool {
	if v.ex.Replaced.Action != exchange.Pass {
		return true
	}
	return slices.ContainsFunc(v.ex.Guards, func(g exchange.Guarded) bool {
		if !g.Output || g.Mode != exchange.Enforce {
			return false
		}
		switch g.Result {
		case exchange.GuardDenied, exchange.GuardCut, exchange.GuardRepaired, exchange.GuardFailed, exchange.GuardLate:
			return true
		case exchange.GuardMasked:
			return g.Asks
		case exchange.GuardPassed, exchange.GuardFlagged:
		}
		return false
	})
}

// unfit says why an answer is not kept; empty: it is.
func (v *visit) unfit(answer *canon.Response, size int) exchange.CacheReason {
	rules := v.model.rules
	switch {
	case !rules.StoreFallback && !v.model.isFirst(v.ex):
		return exchange.CacheFallback
	case !rules.Masked && v.masked(true):
		return exchange.CacheMasked
	case int64(size) > rules.MaxEntry:
		return exchange.CacheTooLarge
	case answer == nil || len(answer.Choices) == 0:
		return exchange.CacheIncomplete
	}
	for i := range answer.Choices {
		if reason := unfitChoice(&answer.Choices[i], rules.ToolCalls); reason != "" {
			return reason
		}
	}
	return ""
}

// unfitFinish says why an answer that ends so is not kept; empty: it may be.
func unfitFinish(f canon.Finish) exchange.CacheReason {
	switch f {
	case canon.FinishRefusal, canon.FinishError:
		return exchange.CacheUnsuccessful
	case canon.FinishUnset, canon.FinishLength, canon.FinishContextWindow, canon.FinishPause, canon.FinishOther:
		return exchange.CacheIncomplete
	case canon.FinishStop, canon.FinishStopSequence, canon.FinishToolCalls:
	}
	return ""
}

func unfitChoice(c *canon.Choice, toolCalls bool) exchange.CacheReason {
	if reason := unfitFinish(c.Finish); reason != "" {
		return reason
	}
	said := false
	for i := range c.Parts {
		switch p := &c.Parts[i]; p.Kind {
		case canon.Refusal:
			return exchange.CacheUnsuccessful
		case canon.ToolCall:
			if said = true; !toolCalls {
				return exchange.CacheToolCalls
			}
		case canon.Text:
			said = said || !canon.Empty(p.Text)
		case canon.Audio, canon.Image, canon.Document, canon.Other:
			said = true
		case canon.ToolResult, canon.Thinking, canon.Redacted:
		}
	}
	if !said {
		return exchange.CacheIncomplete
	}
	return ""
}

// entry is the answer as it is kept, but for when.
func (v *visit) entry(dialect string, body []byte) *cachepb.Entry {
	ex, now := v.ex, v.now()
	by := ex.Attribution()
	e := &cachepb.Entry{
		Id: ulid.Make().String(), Key: v.digest.All[:], Expires: now.Add(v.model.rules.TTL).UnixNano(),
		Dialect: dialect, Body: withoutAsker(body), UsageSource: string(ex.Usage.Source), Duration: int64(max(ex.Ended.Sub(ex.Started), 0)),
		Source: ex.ID, Model: ex.Model, Caller: ex.Caller.Name, Team: by.Team, Tags: by.Tags,
	}
	if u := &ex.Usage; u.Source != "" {
		e.Tokens = &policypb.Tokens{
			Input: u.Input, CacheRead: u.CacheRead, CacheWrite_5M: u.CacheWrite5m, CacheWrite_1H: u.CacheWrite1h, AudioInput: u.AudioInput,
			Output: u.Output, Reasoning: u.Reasoning, AudioOutput: u.AudioOutput,
		}
	}
	if ex.Cost.Priced {
		e.CostNanoUsd = &ex.Cost.Nano
	}
	if v.vector != nil {
		e.Space, e.Question = v.digest.Rest[:], v.digest.Question
		e.Embedder, e.Vector = v.stage.embedder.ID(), v.vector
	}
	return e
}
