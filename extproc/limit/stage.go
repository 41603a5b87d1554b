package limit

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// stage holds requests to the quotas of one policy. It is safe for concurrent use.
type stage struct {
	kind   *Kind
	set    *policy.Set
	idle   bool // the policy bounds nobody; all else is zero then
	zone   *time.Location
	store  ledger.Store
	models map[string]*model
	books  atomic.Pointer[books]
}

// Name returns "limit".
func (s *stage) Name() string { return "limit" }

// Phases names those of a claim, of its headers and of its settlement; none if the policy bounds
// nobody.
func (s *stage) Phases() exchange.Phases {
	if s.idle {
		return 0
	}
	return exchange.OnRequest | exchange.OnResponse | exchange.OnEnd
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit {
	if s.idle || ex.Own != nil { // own calls have a bound of their own
		return exchange.Idle{}
	}
	return &visit{stage: s, ex: ex}
}

// Close ends the use of the policy's store.
func (s *stage) Close() error {
	if c, ok := s.store.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// room is for how many bounds a visit needs no further memory.
const room = 8

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage    *stage
	ex       *exchange.Exchange
	model    *model // nil: a list of models is asked for
	terms    *terms
	estimate estimate
	claimed  bool
	claim    ledger.Claim
	bounds   []*bound // as the limits of the claim
	balances []ledger.Balance

	roomLimits   [room]ledger.Limit
	roomBounds   [room]*bound
	roomBalances [room]ledger.Balance
}

// Request implements exchange.Visit. A list of models, which no provider is asked for, takes
// nothing, and no limit refuses it.
func (v *visit) Request(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
	s, now := v.stage, v.stage.kind.now()
	b := s.at(now)
	v.terms = b.of(&v.ex.Caller)
	if v.terms.unknown {
		return v.unknownTier(), nil
	}
	v.bind(b)
	v.model = s.models[v.ex.Model]
	switch {
	case v.model == nil:
		v.peek(ctx)
		return exchange.Verdict{}, nil
	case len(v.bounds) == 0:
		v.terms.admitted.Inc()
		return exchange.Verdict{}, nil
	}
	if refusal := v.reckon(req, now); refusal.Action != exchange.Pass {
		return refusal, nil
	}
	return v.admit(ctx)
}

// bind finds the bounds of the exchange.
func (v *visit) bind(b *books) {
	v.claim.Limits, v.bounds = v.roomLimits[:0], v.roomBounds[:0]
	v.add(v.terms.bounds)
	if of := b.models[v.ex.Model]; of != nil {
		v.add(of)
	}
	if len(b.features) > 0 {
		v.add(b.features[v.ex.Request.Attribute().Feature])
	}
	if n := len(v.bounds); n <= room {
		v.balances = v.roomBalances[:n]
	} else {
		v.balances = make([]ledger.Balance, n)
	}
}

func (v *visit) add(all []bound) {
	for i := range all {
		l := all[i].Limit
		l.Scope = v.terms.scope
		v.claim.Limits, v.bounds = append(v.claim.Limits, l), append(v.bounds, &all[i])
	}
}

// reckon fills in what the claim takes.
func (v *visit) reckon(req *exchange.Request, now time.Time) exchange.Verdict {
	v.claim.ID, v.claim.TTL = v.ex.ID, v.model.keep
	if slices.ContainsFunc(v.bounds, func(b *bound) bool { return b.unit != requests }) {
		v.estimate = v.model.estimate(req)
	}
	if i := slices.IndexFunc(v.bounds, func(b *bound) bool { return b.unit.money() }); i >= 0 {
		nano, all := v.model.price(v.ex, v.estimate.input, v.estimate.output, now)
		v.estimate.nano, v.estimate.unpriced = nano, !all
	}
	for i, b := range v.bounds {
		if b.unit.money() && v.estimate.unpriced && !b.Shadow {
			return v.unpriced(b)
		}
		v.claim.Limits[i].Amount = v.amount(b, now)
	}
	return exchange.Verdict{}
}

// amount is what the claim takes of a bound: the estimate. Where the client does not bound its
// answer, a guess of its length refuses nothing for good: the claim takes all that the bound ever
// allows, if the input fits.
func (v *visit) amount(b *bound, now time.Time) int64 {
	e := v.estimate
	amount := e.of(b.unit)
	if amount <= b.Max || !e.guessed {
		return amount
	}
	e.output = 0
	if b.unit.money() {
		e.nano, _ = v.model.price(v.ex, e.input, 0, now)
	}
	if e.of(b.unit) > b.Max {
		return amount
	}
	return b.Max
}

// of is the part of an estimate that is counted in a unit.
func (e *estimate) of(u unit) int64 {
	switch u {
	case requests:
		return 1
	case tokens:
		return e.tokens()
	default:
		return e.nano
	}
}

// admit claims what the request is estimated at.
func (v *visit) admit(ctx context.Context) (exchange.Verdict, error) {
	m := v.stage.kind.metrics
	began := time.Now()
	granted, err := v.stage.store.Claim(ctx, &v.claim, v.balances)
	m.claim.Observe(time.Since(began).Seconds())
	if err != nil {
		return v.lost(), nil
	}
	v.leave()
	v.claimed = granted
	v.count(granted)
	if !granted {
		return v.refuse(), nil
	}
	m.tokens.reserved.Add(float64(v.estimate.tokens()))
	m.usd.reserved.Add(float64(v.estimate.nano) / 1e9)
	return exchange.Verdict{}, nil
}

// peek finds out what is left, if there is something to say about it.
func (v *visit) peek(ctx context.Context) {
	if len(v.bounds) > 0 && v.stage.store.Peek(ctx, v.claim.Limits, v.balances) != nil {
		v.bounds = nil
	}
	v.leave()
}

// count counts the bounds that were exceeded.
func (v *visit) count(granted bool) {
	if granted {
		v.terms.admitted.Inc()
	}
	for i, b := range v.bounds {
		if v.balances[i].Over {
			v.stage.kind.metrics.exceeded(v.ex.Caller.Tier, b)
		}
	}
}

// leave leaves to the record what is left.
func (v *visit) leave() {
	for _, l := range []struct {
		to    *exchange.Left
		units []unit
	}{
		{&v.ex.Limit.Requests, []unit{requests}},
		{&v.ex.Limit.Tokens, []unit{tokens}},
		{&v.ex.Limit.Nano, []unit{perDay, perMonth}},
	} {
		if i := v.tightest(l.units...); i >= 0 {
			*l.to = exchange.Left{Known: true, Amount: v.balances[i].Left}
		}
	}
}

// Response implements exchange.Visit. It says to the client what is left.
func (v *visit) Response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if len(v.bounds) > 0 {
		v.headers(resp)
	}
	return exchange.Verdict{}, nil
}
