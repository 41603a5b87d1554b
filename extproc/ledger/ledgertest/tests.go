package ledgertest

import (
	"context"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
)

// rate holds ten requests per minute to the vectors of a GCRA with a burst of ten.
func rate(b *bench) {
	for _, c := range []struct {
		at      time.Duration
		granted bool
		left    int64
		wait    time.Duration
	}{
		{0, true, 9, 0}, {0, true, 8, 0}, {0, true, 7, 0}, {0, true, 6, 0}, {0, true, 5, 0},
		{0, true, 4, 0}, {0, true, 3, 0}, {0, true, 2, 0}, {0, true, 1, 0}, {0, true, 0, 0},
		{0, false, 0, 6 * time.Second},
		{3 * time.Second, false, 0, 3 * time.Second},
		{6 * time.Second, true, 0, 0},
		{6 * time.Second, false, 0, 6 * time.Second},
		{11900 * time.Millisecond, false, 0, 100 * time.Millisecond},
		{12 * time.Second, true, 0, 0},
		{100 * time.Second, true, 9, 0},
	} {
		b.at(c.at)
		granted, balances := b.claim(b.one(rpm))
		if granted != c.granted || balances[0].Left != c.left || balances[0].Wait != c.wait || balances[0].Over == c.granted {
			b.Errorf("after %s: granted %v, %+v; want %v, %d left, wait %s", c.at, granted, balances[0], c.granted, c.left, c.wait)
		}
	}
}

func allOrNothing(b *bench) {
	for range 3 {
		if granted, _ := b.claim(b.one(rpm, wide)); !granted {
			b.Fatal("refused")
		}
	}
	granted, balances := b.claim(b.one(rpm, wide))
	if granted || balances[0].Over || !balances[1].Over || balances[1].Wait != 20*time.Second {
		b.Errorf("granted %v, %+v", granted, balances)
	}
	b.wants(rpm, 7)
}

// shadow holds that a shadow says what it would have refused, and goes on counting.
func shadow(b *bench) {
	l := wide
	l.Shadow = true
	for i := range 5 {
		granted, balances := b.claim(b.one(l))
		if !granted || balances[0].Over != (i >= 3) {
			b.Errorf("claim %d: granted %v, %+v", i, granted, balances[0])
		}
	}
	b.wants(wide, -2)
}

func budget(b *bench) {
	for range 3 {
		if granted, _ := b.claim(b.one(cost)); !granted {
			b.Fatal("refused")
		}
	}
	granted, balances := b.claim(b.one(cost))
	if granted || balances[0].Left != 10_000_000 || balances[0].Wait != 14*time.Hour {
		b.Errorf("granted %v, %+v; want 10,000,000 left until the day ends", granted, balances[0])
	}
	more := cost
	more.Amount = cost.Max + 1
	if granted, balances = b.claim(b.one(more)); granted || balances[0].Wait != 0 {
		b.Errorf("granted %v, %+v: waiting does not help who asks for more than there ever is", granted, balances[0])
	}
}

// debt holds that a settlement is never refused, and that a rate drains its debt first.
func debt(b *bench) {
	c := b.one(tpm)
	b.claim(c)
	b.settle(c, 16_000)
	b.wants(tpm, -6000)
	b.at(36 * time.Second)
	b.wants(tpm, 0)
}

// again holds that what comes twice counts once.
func again(b *bench) {
	c := b.one(tpm, cost)
	for range 3 {
		if granted, _ := b.claim(c); !granted {
			b.Fatal("refused")
		}
	}
	b.wants(tpm, 4000)
	for range 3 {
		b.settle(c, 1000, 1_000_000)
	}
	b.wants(tpm, 9000)
	b.wants(cost, 99_000_000)
	if granted, _ := b.claim(c); !granted {
		b.Error("a claim that was settled is refused when it comes again")
	}
	b.wants(tpm, 9000)
}

// expiry holds that what nobody settles comes back: a process may have died.
func expiry(b *bench) {
	c := b.one(cost)
	b.claim(c)
	b.at(c.TTL - time.Microsecond)
	b.wants(cost, 70_000_000)
	b.at(c.TTL)
	b.wants(cost, 100_000_000)
}

func lateSettlement(b *bench) {
	c := b.one(cost)
	b.claim(c)
	b.at(c.TTL + time.Second)
	b.settle(c, 5_000_000)
	b.settle(c, 5_000_000)
	b.wants(cost, 95_000_000)
	never := b.one(cost) // as after a store has lost everything
	b.settle(never, 1_000_000)
	b.settle(never, 1_000_000)
	b.wants(cost, 94_000_000)
}

// whatDrained holds that what a rate has drained of a claim is not given back to the claims of
// others.
func whatDrained(b *bench) {
	long := b.one(tpm)
	long.TTL = time.Hour
	b.claim(long)
	b.at(time.Minute)
	other := tpm
	other.Amount = 10_000
	if granted, _ := b.claim(b.one(other)); !granted {
		b.Fatal("refused")
	}
	b.settle(long, 0)
	b.wants(tpm, 0)
}

// peek holds that who looks takes nothing, and sees what has drained and expired.
func peek(b *bench) {
	see := func(want ...ledger.Balance) {
		b.Helper()
		got := make([]ledger.Balance, len(want))
		if err := b.store.Peek(context.Background(), []ledger.Limit{rpm, wide, cost}, got); err != nil {
			b.Fatal(err)
		}
		if !slices.Equal(got, want) {
			b.Errorf("after %s: %+v, want %+v", b.clock.Now().Sub(Begin), got, want)
		}
	}
	unused := []ledger.Balance{{Left: 10}, {Left: 3}, {Left: 100_000_000}}
	see(unused...)
	c := b.one(rpm, wide, cost)
	b.claim(c)
	for range 3 {
		see(ledger.Balance{Left: 9, Reset: 6 * time.Second}, ledger.Balance{Left: 2, Reset: 20 * time.Second}, ledger.Balance{Left: 70_000_000, Reset: 14 * time.Hour})
	}
	b.at(6 * time.Second)
	see(unused[0], ledger.Balance{Left: 2, Reset: 14 * time.Second}, ledger.Balance{Left: 70_000_000, Reset: 14*time.Hour - 6*time.Second})
	b.at(c.TTL)
	see(unused...)
	b.settle(c, 11, 0, 0)
	see(ledger.Balance{Left: -1, Wait: 6 * time.Second, Reset: 66 * time.Second, Over: true}, unused[1], unused[2])
}

// clockBack holds that a clock that is set back gives nothing away.
func clockBack(b *bench) {
	b.at(time.Minute)
	for range 10 {
		b.claim(b.one(rpm))
	}
	b.at(0)
	if granted, _ := b.claim(b.one(rpm)); granted {
		b.Error("granted although the limit is reached")
	}
	b.at(66 * time.Second)
	if granted, _ := b.claim(b.one(rpm)); !granted {
		b.Error("refused although six seconds have passed")
	}
}

var _ ledger.Store = (*ledger.Memory)(nil)
