package shared_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

// TestLostUnderLoad has two pairs with fifty callers each spend a budget whose Redis dies half-way,
// and holds that they spend it up and little more, and that all sums agree when Redis is back.
func TestLostUnderLoad(t *testing.T) {
	const limit, callers = 4000, 50
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	pairs := []*pair{newPair(t, server.URL(), 2), newPair(t, server.URL(), 2)}
	l := budget(limit, 1)
	var admitted atomic.Int64
	var killed sync.Once
	var running sync.WaitGroup
	for n, p := range pairs {
		for caller := range callers {
			running.Go(func() {
				for i := 0; ; i++ {
					c := &ledger.Claim{ID: fmt.Sprint(n, "-", caller, "-", i), TTL: time.Minute, Limits: []ledger.Limit{l}}
					granted, err := p.store.Claim(t.Context(), c, make([]ledger.Balance, 1))
					if err != nil || !granted {
						return
					}
					if admitted.Add(1) == limit/2 {
						killed.Do(server.Kill)
					}
					_ = p.store.Settle(t.Context(), c, []int64{1})
				}
			})
		}
	}
	running.Wait()
	over := admitted.Load() - limit
	t.Logf("%d of %d admitted: %+d", admitted.Load(), limit, over)
	if over < -2*callers || over > 4*callers {
		t.Errorf("%+d admitted beyond the limit of %d", over, limit)
	}
	server.Run() // with what it knew
	for _, p := range pairs {
		p.recover()
	}
	if left := pairs[0].left(l); left != -over {
		t.Errorf("%d left, want %d: what was admitted is what was used", left, -over)
	}
	for _, p := range pairs {
		if n := p.value("headgate_ledger_dropped_total"); n != 0 {
			t.Errorf("%v dropped", n)
		}
	}
}
