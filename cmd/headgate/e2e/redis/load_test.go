package redis

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPairsShareUnderLoad holds that a hundred callers at once, at two pairs, spend a budget up and
// not beyond it: what is reserved is never less than what a request of these costs.
func TestPairsShareUnderLoad(t *testing.T) {
	const budget = 100_000_000
	r := start(t, "{usd_per_day: 0.10}", ", timeout: 10s")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var asked, served atomic.Int64
	var callers sync.WaitGroup
	for i := range 100 {
		callers.Go(func() {
			for {
				a, err := r.Pairs[i%2].Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("once", "hello", false), "", "authorization", "Bearer "+key))
				asked.Add(1)
				switch {
				case err == nil && a.Status == 200:
					served.Add(1)
				case err == nil && a.Status == 429:
					return
				default:
					t.Errorf("%v %d %s", err, a.Status, a.Body)
					return
				}
			}
		})
	}
	callers.Wait()
	cost := r.cost(int(asked.Load()))
	t.Logf("%d of %d served, for %d nano-USD", served.Load(), asked.Load(), cost)
	if cost > budget || cost < budget/2 {
		t.Errorf("%d nano-USD of %d were spent", cost, budget)
	}
	gatewaytest.Eventually(t, "Redis has what the rows say", func() bool { return r.used() == cost })
	if n := len(r.at.Settled()); int64(n) != served.Load() {
		t.Errorf("the provider has served %d, clients got %d", n, served.Load())
	}
}
