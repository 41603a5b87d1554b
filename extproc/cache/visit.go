package cache

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/cache/digest"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage   *stage
	ex      *exchange.Exchange
	model   *model // nil: the exchange has nothing to do with the cache
	control control
	digest  digest.Digest
	vector  []float32 // of the question; nil: there is none
	keeps   bool      // the answer may be kept
	flight  *flight   // that equal requests wait for; nil: this is none
	hit     *hit      // that is compared with a fresh answer; nil: none
	copy    *copying  // of a stream; nil: none is made
	body    []byte    // of a whole answer, in its backend's dialect
}

// Request implements exchange.Visit. It gives an answer if there is one.
func (v *visit) Request(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
	m := v.stage.models[v.ex.Model]
	if m == nil || req.Operation != exchange.Chat {
		return exchange.Verdict{}, nil
	}
	v.model = m
	asked, err := req.Canon()
	if err != nil { // its own dialect may understand it
		return v.bypass(exchange.CacheUnreadable), nil
	}
	v.control = controlOf(req.Headers)
	if reason := v.bypassed(asked); reason != "" {
		return v.bypass(reason), nil
	}
	v.keeps = true
	v.digest = digest.Of(v.stage.partitionOf(m, v.ex), asked, req.Choices)
	found := v.look(ctx, req, asked)
	if found == nil {
		found = v.waitForEqual(ctx, req, asked)
	}
	if found == nil {
		return v.says(), nil
	}
	return v.use(found), nil
}

// bypassed says why the exchange goes past the cache; empty: it does not.
func (v *visit) bypassed(asked *canon.Request) exchange.CacheReason {
	rules := v.model.rules
	switch {
	case v.control.noStore:
		return exchange.CacheNoStore
	case rules.MaxTemperature != nil && temperatureOf(asked) > float64(*rules.MaxTemperature):
		return exchange.CacheTemperature
	case !rules.Masked && v.masked(false):
		return exchange.CacheMasked
	case stateful(asked) || v.refers():
		return exchange.CacheState
	}
	return ""
}

// states are the members of requests by which they go on with what a provider keeps, or have it work on
// after its answer: what is said next depends on more than the request.
var states = []string{"previous_response_id", "conversation", "background", "thread"}

// stateful reports whether a request has one of them.
func stateful(asked *canon.Request) bool {
	return slices.ContainsFunc(asked.Extra, func(m canon.Member) bool {
		return slices.Contains(states, string(m.Name)) && !canon.Void(m.Value)
	})
}

// refers reports whether a request names by an id what a provider keeps, which is for those alone
// to whom the id was given: that is found out by who asks the provider.
func (v *visit) refers() bool {
	keeper, ok := dialect.ByName(v.ex.Dialect).(dialect.Keeper)
	if !ok {
		return false
	}
	ids, _ := keeper.KeptIDs(v.ex.Request.Body)
	return slices.ContainsFunc(ids, func(id canon.KeptID) bool { return !id.Also || id.Bare })
}

// bypass goes past the cache.
func (v *visit) bypass(reason exchange.CacheReason) exchange.Verdict {
	v.ex.Cached.Result, v.ex.Cached.Reason, v.ex.Cached.NotStored = exchange.CacheBypassed, reason, reason
	return v.says()
}

// temperatureOf is the temperature of a request: 1 if it names none, as providers have it.
func temperatureOf(asked *canon.Request) float64 {
	if t, ok := number(asked.Fields[canon.Temperature]); ok {
		return t
	}
	return 1
}

// masked reports whether a guard has masked something of the request, or of the answer.
func (v *visit) masked(output bool) bool {
	return slices.ContainsFunc(v.ex.Guards, func(g exchange.Guarded) bool {
		return g.Output == output && g.Mode == exchange.Enforce && g.Result == exchange.GuardMasked
	})
}

// use gives an answer, unless the policy only watches or has this one compared with a fresh one.
func (v *visit) use(h *hit) exchange.Verdict {
	c, mode := &v.ex.Cached, v.model.rules.Mode
	if h.semantic && mode == policy.CacheEnforce {
		mode = v.model.rules.Semantic.Mode
	}
	h.note(c, v.now())
	switch {
	case mode == policy.CacheShadow:
		c.Result = exchange.CacheShadowHit
		return v.says()
	case !h.waited && rand.Float64() < float64(v.model.rules.Verify):
		c.Result, v.hit = exchange.CacheVerified, h
		return v.says()
	}
	c.Result = h.result()
	v.keeps = false
	return v.give(h)
}

// give gives an answer.
func (v *visit) give(h *hit) exchange.Verdict {
	c, e := &v.ex.Cached, h.entry
	if e.CostNanoUsd != nil {
		c.Saved = exchange.Cost{Nano: e.GetCostNanoUsd(), Priced: true}
	}
	c.Sooner = max(time.Duration(e.GetDuration())-v.now().Sub(v.ex.Started), 0)
	out := v.says()
	out.Action, out.Answer = exchange.Answer, h.answer
	out.Kept = &exchange.Kept{Body: e.GetBody(), Decode: h.decode, Usage: usageOf(e)}
	return out
}

func (v *visit) now() time.Time { return v.stage.kind.options.Now() }

// waitForEqual waits for the answer to an equal request that is under way; nil: there is none, or
// none that may be shared.
func (v *visit) waitForEqual(ctx context.Context, req *exchange.Request, asked *canon.Request) *hit {
	if !v.coalesces(req) {
		return nil
	}
	flights, began := &v.stage.kind.flights, v.now()
	var waiting context.Context
	for {
		one, flies := flights.join(store.Key(v.digest.All), v.now())
		if flies {
			v.flight = one
			break
		}
		if waiting == nil {
			var err error
			if waiting, err = req.More(ctx, v.patience()); err != nil {
				break
			}
		}
		if !flights.wait(waiting, one) || one.entry == nil && !one.again {
			v.waitedInVain()
			break
		}
		switch {
		case one.entry == nil:
		case v.stage.handle.Purged(one.entry):
			flights.forget(store.Key(v.digest.All), one)
		default:
			return v.fitting(one.entry, asked, true)
		}
	}
	if waiting != nil && req.Deadline > 0 {
		req.EndAfter(max(req.Deadline-v.now().Sub(began), time.Millisecond))
	}
	return nil
}

// waitedInVain says so, unless something is known of the nearest question.
func (v *visit) waitedInVain() {
	if c := &v.ex.Cached; c.Reason == exchange.CacheUnknown {
		c.Reason = exchange.CacheWaitedInVain
	}
}

// patience is how long the exchange waits for another's answer.
func (v *visit) patience() time.Duration {
	wait := v.model.rules.CoalesceWait
	if d := v.ex.Request.Deadline; d > 0 {
		wait = min(wait, d)
	}
	return wait
}

// coalesces reports whether the exchange waits for others, and others for it.
func (v *visit) coalesces(req *exchange.Request) bool {
	rules := v.model.rules
	if rules.Mode == policy.CacheShadow || v.control.noCache || v.hit != nil {
		return false
	}
	return rules.Coalesce == policy.CoalesceAll || rules.Coalesce == policy.CoalesceJSON && !req.Stream
}

// fitting is an entry as a hit of the exchange; nil: it does not fit it, and the exchange says why.
func (v *visit) fitting(e *cachepb.Entry, asked *canon.Request, waited bool) *hit {
	h, reason := newHit(e, asked, v.control, v.now())
	if h == nil {
		v.ex.Cached.Reason = reason
		return nil
	}
	h.waited = waited
	return h
}
