package shared

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
)

// SetClock makes every Redis go by a clock, from the next policy on.
func (s *Stores) SetClock(now func() time.Time) { s.clock = now }

// AtOnce returns a store whose settlements are handed in before Settle returns.
func AtOnce(s ledger.Store) ledger.Store { return atOnce{s.(*store)} }

type atOnce struct{ *store }

// Settle implements ledger.Store.
func (s atOnce) Settle(ctx context.Context, c *ledger.Claim, used []int64) error {
	err := s.store.Settle(ctx, c, used)
	for s.queue.len()+s.debts.Len() > 0 {
		s.handIn(ctx)
	}
	return err
}
