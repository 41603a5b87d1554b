// Package ledgertest holds what every store of balances must keep.
package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
)

// Clock is a clock that a test moves. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns where it stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *Clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// Begin is where the clock of a suite begins.
var Begin = time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)

// Suite runs on a store whose clock is the test's. New is called for each test, with a store
// that has no balances.
func Suite(t *testing.T, open func(*testing.T, func() time.Time) ledger.Store) {
	for name, test := range map[string]func(*bench){
		"rate": rate, "all or nothing": allOrNothing, "shadow": shadow, "budget": budget, "debt": debt,
		"again": again, "expiry": expiry, "late settlement": lateSettlement, "what drained": whatDrained,
		"clock set back": clockBack, "peek": peek, "random": random,
	} {
		t.Run(name, func(t *testing.T) {
			c := &Clock{at: Begin}
			test(&bench{T: t, clock: c, store: open(t, c.Now)})
		})
	}
}

// bench is one test's store.
type bench struct {
	*testing.T
	clock *Clock
	store ledger.Store
	ids   int
}

// at sets the clock to a time after Begin.
func (b *bench) at(d time.Duration) { b.clock.set(Begin.Add(d)) }

// id returns a new one.
func (b *bench) id() string {
	b.ids++
	return fmt.Sprintf("exchange-%d", b.ids)
}

func (b *bench) claim(c *ledger.Claim) (bool, []ledger.Balance) {
	b.Helper()
	balances := make([]ledger.Balance, len(c.Limits))
	granted, err := b.store.Claim(context.Background(), c, balances)
	if err != nil {
		b.Fatal(err)
	}
	return granted, balances
}

func (b *bench) settle(c *ledger.Claim, used ...int64) {
	b.Helper()
	if err := b.store.Settle(context.Background(), c, used); err != nil {
		b.Fatal(err)
	}
}

// left is how much of a limit there is.
func (b *bench) left(l ledger.Limit) int64 {
	b.Helper()
	l.Amount, l.Shadow = 0, true
	_, balances := b.claim(&ledger.Claim{ID: b.id(), TTL: time.Second, Limits: []ledger.Limit{l}})
	return balances[0].Left
}

// wants fails the test unless a limit has that much left.
func (b *bench) wants(l ledger.Limit, left int64) {
	b.Helper()
	if got := b.left(l); got != left {
		b.Errorf("after %s %s has %d left, want %d", b.clock.Now().Sub(Begin), l.Name, got, left)
	}
}

// the limits of the tests.
var (
	rpm  = ledger.Limit{Scope: "team/a", Name: "rpm", Max: 10, Period: time.Minute, Amount: 1}
	tpm  = ledger.Limit{Scope: "team/a", Name: "tpm", Max: 10_000, Period: time.Minute, Amount: 6000}
	cost = ledger.Limit{Scope: "team/a", Name: "cost 2026-06-01", Max: 100_000_000, Until: Begin.Add(14 * time.Hour), Amount: 30_000_000}
	wide = ledger.Limit{Scope: "model/m", Name: "rpm", Max: 3, Period: time.Minute, Amount: 1}
)

// one claims of limits.
func (b *bench) one(limits ...ledger.Limit) *ledger.Claim {
	return &ledger.Claim{ID: b.id(), TTL: time.Minute, Limits: limits}
}
