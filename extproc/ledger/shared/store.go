package shared

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// ErrLost says that Redis cannot be asked and that the policy admits nothing without it.
var ErrLost = errors.New("redis is lost, and the policy says when_lost: closed")

// store is how one policy uses a server.
type store struct {
	*server
	timeout  time.Duration
	whenLost policy.WhenLost
}

var _ ledger.Store = (*store)(nil)

// Claim implements ledger.Store.
func (s *store) Claim(ctx context.Context, c *ledger.Claim, balances []ledger.Balance) (bool, error) {
	if s.outage.lost.Load() {
		return s.alone(c, balances, reasonLost)
	}
	granted, err := s.ask(ctx, c, balances)
	if err == nil {
		return granted, nil
	}
	s.owe(c, make([]int64, len(c.Limits))) // it may have been granted all the same
	if ctx.Err() != nil {
		return false, ctx.Err() // who asks has left
	}
	return s.alone(c, balances, s.failed(err))
}

// ask asks Redis.
func (s *store) ask(ctx context.Context, c *ledger.Claim, balances []ledger.Balance) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	granted, err := s.remote().Claim(ctx, c, balances)
	if err != nil {
		return false, err
	}
	s.outage.answered()
	s.local.Learn(c.Limits, s.parts(c.Limits), balances)
	return granted, nil
}

// alone decides a claim without Redis.
func (s *store) alone(c *ledger.Claim, balances []ledger.Balance, why reason) (bool, error) {
	s.outage.claims.Add(1)
	s.stores.metrics.fallbacks.WithLabelValues(string(why), string(s.whenLost)).Inc()
	if s.whenLost == policy.WhenLostClosed {
		return false, ErrLost
	}
	part := s.part(c)
	for i := range part.Limits {
		part.Limits[i].Shadow = part.Limits[i].Shadow || s.whenLost == policy.WhenLostOpen
	}
	s.decided.Store(true)
	granted, err := s.local.Claim(context.Background(), part, balances)
	if s.whenLost == policy.WhenLostOpen {
		for i := range balances {
			balances[i].Over, balances[i].Wait = false, 0
		}
	}
	return granted, err
}

// part is this pair's part of a claim: of each limit what every pair may take alone. A request
// that is larger than that is admitted when nothing is taken.
func (s *store) part(c *ledger.Claim) *ledger.Claim {
	return &ledger.Claim{ID: c.ID, TTL: c.TTL, Limits: s.parts(c.Limits)}
}

func (s *store) parts(limits []ledger.Limit) []ledger.Limit {
	pairs := int64(max(s.stores.options.Pairs(), 1))
	parts := slices.Clone(limits)
	for i := range parts {
		l := &parts[i]
		l.Max = max(l.Max/pairs, 1)
		l.Amount = min(l.Amount, l.Max)
	}
	return parts
}

// Settle implements ledger.Store. It does not wait and never fails.
func (s *store) Settle(_ context.Context, c *ledger.Claim, used []int64) error {
	if s.decided.Load() {
		own, first := s.local.SettleOwn(s.part(c), used)
		if first {
			s.oweSum(c, s.parts(c.Limits), used)
		}
		if own {
			return nil
		}
	}
	s.owe(c, used)
	return nil
}

// Peek implements ledger.Store. It fails while Redis is lost.
func (s *store) Peek(ctx context.Context, limits []ledger.Limit, balances []ledger.Balance) error {
	ctx, cancel := context.WithTimeout(ctx, max(s.timeout, peekTimeout))
	defer cancel()
	return s.link.Redacted(s.remote().Peek(ctx, limits, balances))
}

// peekTimeout is how long somebody who only looks waits at least.
const peekTimeout = time.Second

// Close ends the policy's use of the server.
func (s *store) Close() error {
	s.stores.release(s.server)
	return nil
}
