package route

import (
	"sync/atomic"

	"github.com/headgate/headgate/policy"
)

// Shares are what part of its weight each use keeps in models that balance by health. They
// outlive policies. Its zero value lets all keep all. It is safe for concurrent use.
type Shares struct{ now atomic.Pointer[shares] }

// shares are by model, and by use, written backend/model: from more than 0 to less than 1. A use
// that is missing keeps all.
type shares map[string]map[string]float64

// Set takes the place of what was set before; nil: all keep all.
func (s *Shares) Set(all map[string]map[string]float64) {
	if len(all) == 0 {
		s.now.Store(nil)
		return
	}
	s.now.Store((*shares)(&all))
}

// laid are the candidates of a split under some shares.
type laid struct {
	under *shares
	uses  [][]candidate
}

// current returns the uses that each link may begin with, with what they weigh now.
func (s *split) current() [][]candidate {
	if s.shares == nil {
		return s.uses
	}
	now := s.shares.now.Load()
	if now == nil {
		return s.uses
	}
	if l := s.laid.Load(); l != nil && l.under == now {
		return l.uses
	}
	l := &laid{under: now}
	for i := range s.uses {
		l.uses = append(l.uses, weighed(s.uses[i], s.far[i], (*now)[s.model.Name]))
	}
	s.laid.Store(l)
	return l.uses
}

// weighed are a link's candidates under shares. What those in the gateway's region lose goes to
// those elsewhere, by their weights and shares among each other.
func weighed(near, far []candidate, shares map[string]float64) (all []candidate) {
	lost, elsewhere := 0.0, 0.0
	for _, c := range near {
		whole := c.weight
		c.weight *= shareOf(shares, c)
		lost += whole - c.weight
		all = append(all, c)
	}
	for _, c := range far {
		elsewhere += c.weight * shareOf(shares, c)
	}
	if lost <= 0 || elsewhere <= 0 {
		return all
	}
	for _, c := range far {
		c.weight *= shareOf(shares, c) * lost / elsewhere
		all = append(all, c)
	}
	return all
}

func shareOf(shares map[string]float64, c candidate) float64 {
	if share, ok := shares[string(c.name)]; ok {
		return share
	}
	return 1
}

// of returns the shares by which a model's links are balanced; nil: by weights alone.
func (s *Shares) of(m *policy.Model) *Shares {
	if m.Balance != policy.BalanceHealth {
		return nil
	}
	return s
}
