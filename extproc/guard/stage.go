package guard

import (
	"sync"

	"github.com/headgate/headgate/extproc/exchange"
)

// stage lets the guards of one policy look at exchanges. It is safe for concurrent use.
type stage struct {
	kind    *Kind
	guards  *guards // nil: the policy has none
	maxHeld int

	mu    sync.RWMutex
	plans map[scope]*plan
}

// Name returns "guard".
func (s *stage) Name() string { return "guard" }

// Phases names those of requests and of answers; none if the policy has no guard.
func (s *stage) Phases() exchange.Phases {
	if s.guards == nil {
		return 0
	}
	return exchange.OnRequest | exchange.OnResponse | exchange.OnEvents | exchange.OnEnd
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit {
	if s.guards == nil {
		return exchange.Idle{}
	}
	return &visit{stage: s, ex: ex}
}

// planOf returns the plan of an exchange. There are as many as the policy names places.
func (s *stage) planOf(ex *exchange.Exchange) *plan {
	scope := s.guards.scopeOf(ex)
	s.mu.RLock()
	p := s.plans[scope]
	s.mu.RUnlock()
	if p != nil {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plans[scope] == nil {
		s.plans[scope] = s.guards.of(scope)
	}
	return s.plans[scope]
}
