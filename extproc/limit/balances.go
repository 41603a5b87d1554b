package limit

import (
	"context"
	"io"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// Balance is where one of a caller's limits stands.
type Balance struct {
	Owner     string // tier, team or key
	Name      string // of the owner
	Unit      string // amounts of money are in nano-USD
	Max, Left int64  // negative: more was used
	Reset     time.Duration
	Shadow    bool
}

// Balances returns what is left to a caller under a policy, whatever it asks for. It takes
// nothing. An error says that the balances cannot be known.
func (k *Kind) Balances(ctx context.Context, set *policy.Set, who *exchange.Caller) ([]Balance, error) {
	compiled, err := k.Compile(set)
	if err != nil {
		return nil, err
	}
	if c, ok := compiled.(io.Closer); ok {
		defer c.Close() // of a stage that admits nobody
	}
	s := compiled.(*stage)
	if s.idle {
		return nil, nil
	}
	bounds := s.at(k.now()).of(who).bounds
	limits, left := make([]ledger.Limit, len(bounds)), make([]ledger.Balance, len(bounds))
	for i := range bounds {
		limits[i] = bounds[i].Limit
	}
	if err := s.store.Peek(ctx, limits, left); err != nil {
		return nil, err
	}
	all := make([]Balance, len(bounds))
	for i := range bounds {
		b := &bounds[i]
		all[i] = Balance{string(b.owner), b.name, unitNames[b.unit], b.Max, left[i].Left, left[i].Reset, b.Shadow}
	}
	return all, nil
}
