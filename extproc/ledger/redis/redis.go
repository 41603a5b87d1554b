// Package redis keeps the balances that pairs share, in Redis 7 or later, alone or in a cluster.
//
// The promise: what ledger.Store promises, by one script per scope, in one round trip. The
// trap: Redis may lose what it said it had, in a failover or a restart. Then balances begin
// anew, and settlements of claims that are not known count as a whole.
package redis

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
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

	claim  = redis.NewScript(common + claimText)
	settle = redis.NewScript(common + settleText)
)

// Store is a ledger.Store. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
	now    func() time.Time // nil: the server's
}

var _ ledger.Store = (*Store)(nil)

// New makes a store of a client, whose keys have a prefix. The client's timeouts bound each
// call. Time is the server's, unless now is given.
func New(client redis.UniversalClient, prefix string, now func() time.Time) *Store {
	return &Store{client, prefix, now}
}

// Claim implements ledger.Store.
func (s *Store) Claim(ctx context.Context, c *ledger.Claim, balances []ledger.Balance) (granted bool, err error) {
	scopes := scopesOf(c)
	answers, err := s.run(ctx, claim, c, scopes, func(i int) int64 { return c.Limits[i].Amount })
	if err != nil {
		return false, err
	}
	granted = true
	for n, scope := range scopes {
		granted = granted && answers[n][0] == 1
		rest := answers[n][1:]
		for _, i := range scope.limits {
			balances[i] = ledger.Balance{Left: rest[0], Wait: micros(rest[1]), Reset: micros(rest[2]), Over: rest[3] == 1}
			rest = rest[4:]
		}
	}
	if granted || len(scopes) == 1 {
		return granted, nil
	}
	return false, s.giveBack(ctx, c, scopes, answers)
}

// giveBack releases the scopes of a claim that another scope has refused.
func (s *Store) giveBack(ctx context.Context, c *ledger.Claim, scopes []scope, answers [][]int64) error {
	scopes = slices.Clone(scopes)
	n := 0
	scopes = slices.DeleteFunc(scopes, func(scope) bool {
		n++
		return answers[n-1][0] != 1
	})
	if len(scopes) == 0 {
		return nil
	}
	_, err := s.run(ctx, settle, c, scopes, func(int) int64 { return 0 })
	return err
}

// Settle implements ledger.Store.
func (s *Store) Settle(ctx context.Context, c *ledger.Claim, used []int64) error {
	_, err := s.run(ctx, settle, c, scopesOf(c), func(i int) int64 { return used[i] })
	return err
}

// scope are the limits of a claim that are kept together.
type scope struct {
	name   string
	limits []int
}

func scopesOf(c *ledger.Claim) []scope {
	var all []scope
	for i := range c.Limits {
		n := slices.IndexFunc(all, func(s scope) bool { return s.name == c.Limits[i].Scope })
		if n < 0 {
			n, all = len(all), append(all, scope{name: c.Limits[i].Scope})
		}
		all[n].limits = append(all[n].limits, i)
	}
	return all
}

// run runs a script in each scope, all of them in one round trip.
func (s *Store) run(ctx context.Context, script *redis.Script, c *ledger.Claim, scopes []scope, amount func(int) int64) ([][]int64, error) {
	answers, err := s.pipe(ctx, script.EvalSha, c, scopes, amount)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		answers, err = s.pipe(ctx, script.Eval, c, scopes, amount)
	}
	return answers, err
}

// eval runs a script: by its hash, or its text.
type eval func(ctx context.Context, c redis.Scripter, keys []string, args ...any) *redis.Cmd

func (s *Store) pipe(ctx context.Context, run eval, c *ledger.Claim, scopes []scope, amount func(int) int64) ([][]int64, error) {
	pipe := s.client.Pipeline()
	cmds := make([]*redis.Cmd, len(scopes))
	for n, scope := range scopes {
		tag := s.prefix + "{" + scope.name + "}"
		cmds[n] = run(ctx, pipe, []string{tag, tag + ":claims"}, s.args(c, scope, amount)...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	answers := make([][]int64, len(cmds))
	for n, cmd := range cmds {
		var err error
		if answers[n], err = cmd.Int64Slice(); err != nil {
			one, single := cmd.Int64()
			if single != nil {
				return nil, fmt.Errorf("redis: %w", err)
			}
			answers[n] = []int64{one}
		}
	}
	return answers, nil
}

func (s *Store) args(c *ledger.Claim, scope scope, amount func(int) int64) []any {
	now := ""
	if s.now != nil {
		now = strconv.FormatInt(s.now().UnixMicro(), 10)
	}
	args := append(make([]any, 0, 3+6*len(scope.limits)), now, c.ID, c.TTL.Microseconds())
	for _, i := range scope.limits {
		l := &c.Limits[i]
		ends := int64(0)
		if l.Period == 0 {
			ends = l.Until.UnixMicro()
		}
		args = append(args, l.Name, l.Max, l.Period.Microseconds(), ends, amount(i), l.Shadow)
	}
	return args
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
