// Package balance decides what part of its weight each use of a link keeps, by how it does at the
// pairs of a region: the healthiest gets more, step by step.
//
// The promise: a share moves by a bounded step at a time, it begins to move only when the
// difference is large and ends when it is small, and never ends at nothing, so that what has been
// mended is noticed. The trap: what is asked little says little. Of a use of which too little is
// known the share grows slowly, until something is known.
package balance

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/signal"
)

// Whole is a share of all of a weight: shares are in permille.
const Whole = 1000

const (
	// Every is how often shares are decided on.
	Every = 5 * time.Second
	// Seen is how far back what pairs saw counts.
	Seen = time.Minute
)

// Use is a use of a model that clients ask for.
type Use = pair.Use

// place is a use as the pairs of a region see it.
type place struct {
	region string
	Use
}

// Options are what a Balancer needs.
type Options struct {
	Tries   func(within time.Duration) map[signal.TriesOf]*signal.Tries
	Regions func() []string // of the pairs that are linked, each once
	Decided func()          // is called after each decision; must not block
	Log     *zap.Logger
}

// Balancer decides on shares. It is safe for concurrent use.
type Balancer struct {
	options Options
	moved   *prometheus.CounterVec

	mu     sync.Mutex
	set    *policy.Set // in effect; nil: none
	shares map[place]*share
}

// New makes a Balancer, which decides nothing until it follows a policy.
func New(o Options, reg prometheus.Registerer) *Balancer {
	b := &Balancer{options: o, shares: map[place]*share{}, moved: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_balance_moves_total",
		Help: "Steps by which the share of a use was changed: down or up."}, []string{"backend", "direction"})}
	reg.MustRegister(b.moved, collector{b})
	return b
}

// Follow has shares decided on for the models of a policy that want it.
func (b *Balancer) Follow(set *policy.Set) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set = set
	for p := range b.shares {
		if m := set.Models[p.Model]; m == nil || !balances(m, p.Use.Use) {
			delete(b.shares, p)
		}
	}
}

// balances reports whether the share of a use is decided on.
func balances(m *policy.Model, use string) bool {
	return m.Balance == policy.BalanceHealth && slices.ContainsFunc(m.Chain, func(l policy.Link) bool {
		return len(l.Uses) > 1 && slices.ContainsFunc(l.Uses, func(u policy.Use) bool { return u.String() == use })
	})
}

// Adopt takes in the shares that a pair in a region goes by, where none is decided on yet: those
// of another control plane, or of this one before it was started again.
func (b *Balancer) Adopt(region string, shares map[Use]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for use, permille := range shares {
		p := place{region, use}
		if m := b.model(use.Model); m == nil || !balances(m, use.Use) {
			continue
		}
		if b.shares[p] == nil && permille >= Least && permille < Whole {
			b.shares[p] = &share{permille: permille, reason: "as it was"}
		}
	}
}

// model returns a model of the policy; nil: it has none of the name. The caller holds the mutex.
func (b *Balancer) model(name string) *policy.Model {
	if b.set == nil {
		return nil
	}
	return b.set.Models[name]
}

// Of returns the shares of the pairs in a region that are not whole.
func (b *Balancer) Of(region string) map[Use]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[Use]int{}
	for p, s := range b.shares {
		if p.region == region && s.permille < Whole {
			all[p.Use] = s.permille
		}
	}
	return all
}

// Run decides until ctx is done.
func (b *Balancer) Run(ctx context.Context) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.Step()
		case <-ctx.Done():
			return
		}
	}
}

// Step decides once.
func (b *Balancer) Step() {
	b.step()
	b.options.Decided()
}

func (b *Balancer) step() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set == nil {
		return
	}
	regions := b.options.Regions()
	b.forget(regions)
	var tries map[signal.TriesOf]*signal.Tries
	for _, name := range slices.Sorted(maps.Keys(b.set.Models)) {
		m := b.set.Models[name]
		if m.Balance != policy.BalanceHealth {
			continue
		}
		if tries == nil {
			tries = b.options.Tries(Seen)
		}
		for _, region := range regions {
			for _, l := range m.Chain {
				b.decide(region, m.Name, l.Uses, tries)
			}
		}
	}
}

// forget forgets the shares of regions without pairs, which bring them again. The caller holds
// the mutex.
func (b *Balancer) forget(regions []string) {
	for p := range b.shares {
		if !slices.Contains(regions, p.region) {
			delete(b.shares, p)
		}
	}
}

// decide decides on the shares of a link. The caller holds the mutex.
func (b *Balancer) decide(region, model string, uses []policy.Use, tries map[signal.TriesOf]*signal.Tries) {
	if len(uses) < 2 {
		return
	}
	seen := make([]health, len(uses))
	for i, u := range uses {
		seen[i] = healthOf(tries[signal.TriesOf{Region: region, Model: model, Backend: u.Backend.Name, Served: u.Model}])
	}
	best := bestOf(seen)
	for i, u := range uses {
		p := place{region, Use{Model: model, Use: u.String()}}
		s := b.shares[p]
		if s == nil {
			s = &share{permille: Whole}
			b.shares[p] = s
		}
		before := s.permille
		s.move(seen[i], best)
		if s.permille != before {
			b.note(p, u, before, s)
		}
	}
}

// note counts and logs that a share has changed.
func (b *Balancer) note(p place, u policy.Use, before int, s *share) {
	direction := "up"
	if s.permille < before {
		direction = "down"
	}
	b.moved.WithLabelValues(u.Backend.Name, direction).Inc()
	if before == Whole || s.permille == Whole {
		b.options.Log.Info("the share of a use is changed", zap.String("model", p.Model), zap.String("use", p.Use.Use), zap.String("pairs", p.region),
			zap.Int("permille", s.permille), zap.String("reason", s.reason))
	}
}

// Status is a use that does not keep all of its weight, and why.
type Status struct {
	Model    string  `json:"model"`
	Use      string  `json:"use"`               // backend/model
	Region   string  `json:"region,omitempty"`  // of the pairs
	Permille int     `json:"permille"`          // of its weight that it keeps
	Tries    int64   `json:"tries"`             // of the last minute that say something
	Failed   int64   `json:"failed"`            // of them
	Median   float64 `json:"seconds,omitempty"` // until the first token, of half of those that answered
	Reason   string  `json:"reason"`
}

// List lists the uses that do not keep all of their weight, in order.
func (b *Balancer) List() (all []Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p, s := range b.shares {
		if s.permille < Whole {
			all = append(all, Status{
				Model: p.Model, Use: p.Use.Use, Region: p.region, Permille: s.permille,
				Tries: s.seen.tries, Failed: s.seen.failed, Median: s.seen.median.Seconds(), Reason: s.reason,
			})
		}
	}
	slices.SortFunc(all, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Use, b.Use))
	})
	return all
}
