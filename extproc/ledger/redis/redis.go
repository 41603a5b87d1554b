// Package redis keeps the balances that pairs share, in Redis 7 or later, alone or in a cluster.
//
// The promise: what ledger.Store promises, by one script per scope, in one round trip. The
// trap: Redis may lose what it said it had, in a failover or a restart. Then balances begin
// anew, and settlements of claims that are not known count as a whole.
package redis

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
)

var (
	//go:embed common.lua
	common string
	//go:embed claim.lua
	claimText string
	//go:embed settle.lua
	settleText string
	//go:embed peek.lua
	peekText string

	claim  = redis.NewScript(common + claimText)
	settle = redis.NewScript(common + settleText)
	peek   = redis.NewScript(common + peekText)
)

// Store is a ledger.Store. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
	now    func() time.Time // nil: the server's
}

var _ ledger.Store = (*Store)(nil)

// New makes a store of a client, whose keys have a prefix. The context of each call bounds it.
// Time is the server's, unless now is given.
func New(client redis.UniversalClient, prefix string, now func() time.Time) *Store {
	return &Store{client, prefix, now}
}

// Claim implements ledger.Store.
func (s *Store) Claim(ctx context.Context, c *ledger.Claim, balances []ledger.Balance) (granted bool, err error) {
	calls := callsOf(c, nil, nil)
	if err := s.run(ctx, claim, calls); err != nil {
		return false, err
	}
	granted = true
	for _, one := range calls {
		granted = granted && one.answer[0] == 1
		one.balances(balances)
	}
	if granted || len(calls) == 1 {
		return granted, nil
	}
	return false, s.giveBack(ctx, calls)
}

// giveBack releases the scopes of a claim that another scope has refused.
func (s *Store) giveBack(ctx context.Context, calls []*call) error {
	var back []*call
	for _, one := range calls {
		if one.answer[0] == 1 {
			back = append(back, &call{claim: one.claim, scope: one.scope, limits: one.limits, amounts: make([]int64, len(one.claim.Limits))})
		}
	}
	if len(back) == 0 {
		return nil
	}
	return s.run(ctx, settle, back)
}

// Settle implements ledger.Store.
func (s *Store) Settle(ctx context.Context, c *ledger.Claim, used []int64) error {
	return s.run(ctx, settle, callsOf(c, used, nil))
}

// SettleAll settles many claims in one round trip. It returns those of which it is not known
// whether they are settled, and why; they may be settled again.
func (s *Store) SettleAll(ctx context.Context, all []ledger.Settlement) (failed []ledger.Settlement, err error) {
	var calls []*call
	for i := range all {
		calls = callsOf(all[i].Claim, all[i].Used, calls)
	}
	if err = s.run(ctx, settle, calls); err == nil {
		return nil, nil
	}
	for i := range all {
		if slices.ContainsFunc(calls, func(c *call) bool { return c.claim == all[i].Claim && c.err != nil }) {
			failed = append(failed, all[i])
		}
	}
	return failed, err
}

// Peek implements ledger.Store.
func (s *Store) Peek(ctx context.Context, limits []ledger.Limit, balances []ledger.Balance) error {
	calls := callsOf(&ledger.Claim{Limits: limits}, nil, nil)
	if err := s.run(ctx, peek, calls); err != nil {
		return err
	}
	for _, one := range calls {
		one.balances(balances)
	}
	return nil
}

// run runs a script in each scope, all of them in one round trip. A server that does not know
// the script yet gets its text in a second one.
func (s *Store) run(ctx context.Context, script *redis.Script, calls []*call) error {
	err := s.pipe(ctx, script.EvalSha, calls)
	var unknown []*call
	for _, c := range calls {
		if redis.HasErrorPrefix(c.err, "NOSCRIPT") {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) == 0 {
		return err
	}
	_ = s.pipe(ctx, script.Eval, unknown) // the calls have its errors
	var errs []error
	for _, c := range calls {
		errs = append(errs, c.err)
	}
	return errors.Join(errs...)
}

func (s *Store) pipe(ctx context.Context, run eval, calls []*call) error {
	pipe := s.client.Pipeline()
	for _, c := range calls {
		c.add(ctx, pipe, run, s)
	}
	_, err := pipe.Exec(ctx)
	for _, c := range calls {
		if c.read(); c.err != nil && err == nil {
			err = c.err
		}
	}
	return err
}
