package ledgertest

import (
	"math/rand/v2"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
)

// request is one of a random sequence.
type request struct {
	claim   *ledger.Claim
	began   time.Time
	settled bool
}

// random holds of random sequences that budgets end with exactly what was settled, and that
// a rate never allows more than if only what was used had been taken.
func random(b *bench) {
	for seed := range uint64(20) {
		b.at(time.Duration(seed) * 24 * time.Hour)
		r := rand.New(rand.NewPCG(seed, 7))
		b.sequence(r, seed)
	}
}

func (b *bench) sequence(r *rand.Rand, seed uint64) {
	begin := b.clock.Now()
	day := ledger.Limit{Scope: "team/a", Name: "cost " + begin.Format(time.DateOnly), Max: 1_000_000, Until: begin.Add(20 * time.Hour)}
	speed := ledger.Limit{Scope: "user/b", Name: "tpm", Max: 10_000, Period: time.Minute}
	var all []*request
	var settled int64
	for range 300 {
		b.clock.set(b.clock.Now().Add(time.Duration(r.IntN(4000)) * time.Millisecond))
		if r.IntN(2) == 0 || len(all) == 0 {
			day.Amount, speed.Amount = int64(r.IntN(20_000)), int64(r.IntN(3000))
			q := &request{began: b.clock.Now(), claim: &ledger.Claim{ID: b.id(), TTL: 30 * time.Second, Limits: []ledger.Limit{day, speed}}}
			if granted, _ := b.claim(q.claim); granted {
				all = append(all, q)
			}
			continue
		}
		q := all[r.IntN(len(all))]
		if b.clock.Now().Sub(q.began) >= 2*q.claim.TTL {
			continue // that it was settled is not known for ever
		}
		used := []int64{int64(r.IntN(20_000)), int64(r.IntN(3000))}
		b.settle(q.claim, used...)
		if !q.settled {
			q.settled = true
			settled += used[0]
		}
	}
	b.clock.set(b.clock.Now().Add(2 * time.Minute)) // claims that nobody settled expire
	b.wants(day, day.Max-settled)
	b.wants(speed, speed.Max)
	if b.Failed() {
		b.Fatalf("seed %d", seed)
	}
}
