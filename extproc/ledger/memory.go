package ledger

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// Memory keeps the balances of one process. Each scope has a lock of its own. Sweep must be
// called from time to time.
type Memory struct {
	now    func() time.Time
	seed   maphash.Seed
	shards [64]shard
}

type shard struct {
	mu     sync.Mutex
	scopes map[string]*scope
}

// NewMemory makes a store without balances.
func NewMemory(now func() time.Time) *Memory {
	m := &Memory{now: now, seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].scopes = make(map[string]*scope)
	}
	return m
}

// Claim implements Store. It never fails.
func (m *Memory) Claim(_ context.Context, c *Claim, balances []Balance) (bool, error) {
	var room [4]*scope
	scopes := m.lock(c, room[:0])
	defer scopes.unlock()
	now := m.now().UnixMicro()
	scopes.expire(now)
	known := scopes.known(c.ID)
	granted := true
	for i := range c.Limits {
		l := &c.Limits[i]
		balances[i].Over = !known && scopes.level(l, now).over(l)
		granted = granted && (!balances[i].Over || l.Shadow)
	}
	if granted && !known {
		scopes.take(c, now)
	}
	for i := range c.Limits {
		l := &c.Limits[i]
		over, missing := balances[i].Over, int64(0)
		if over {
			missing = max(l.Amount, 1)
		}
		balances[i] = scopes.level(l, now).balance(l, missing, now)
		balances[i].Over = over
	}
	return granted, nil
}

// Settle implements Store. It never fails.
func (m *Memory) Settle(_ context.Context, c *Claim, used []int64) error {
	var room [4]*scope
	scopes := m.lock(c, room[:0])
	defer scopes.unlock()
	now := m.now().UnixMicro()
	scopes.expire(now)
	for _, s := range scopes {
		s.settle(c, used, now)
	}
	return nil
}

// Peek implements Store. It never fails.
func (m *Memory) Peek(_ context.Context, limits []Limit, balances []Balance) error {
	now := m.now().UnixMicro()
	for i := range limits {
		l := &limits[i]
		v := level{at: now}
		if s := m.find(l.Scope); s != nil {
			s.expire(now)
			if there := s.levels[l.Name]; there != nil {
				v = *there
			}
			s.mu.Unlock()
		}
		v.drain(l, now)
		balances[i] = v.balance(l, 0, now)
		balances[i].Over = balances[i].Left < 0
	}
	return nil
}

// find returns a scope that is locked; nil: nothing of it is used.
func (m *Memory) find(name string) *scope {
	sh := &m.shards[maphash.String(m.seed, name)%uint64(len(m.shards))]
	sh.mu.Lock()
	s := sh.scopes[name]
	sh.mu.Unlock()
	if s == nil {
		return nil
	}
	if s.mu.Lock(); s.gone {
		s.mu.Unlock()
		return nil
	}
	return s
}

// locked are the scopes of a claim, by name.
type locked []*scope

// lock locks the scopes of a claim. All lock theirs in the same order.
func (m *Memory) lock(c *Claim, into locked) locked {
	names := make([]string, 0, 4)
	for i := range c.Limits {
		if name := c.Limits[i].Scope; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		into = append(into, m.scope(name))
	}
	return into
}

// scope returns a scope that is locked.
func (m *Memory) scope(name string) *scope {
	sh := &m.shards[maphash.String(m.seed, name)%uint64(len(m.shards))]
	for {
		sh.mu.Lock()
		s := sh.scopes[name]
		if s == nil {
			s = newScope(name)
			sh.scopes[name] = s
		}
		sh.mu.Unlock()
		if s.mu.Lock(); !s.gone {
			return s
		}
		s.mu.Unlock()
	}
}

func (all locked) unlock() {
	for _, s := range all {
		s.mu.Unlock()
	}
}

func (all locked) find(name string) *scope {
	i, _ := slices.BinarySearchFunc(all, name, func(s *scope, name string) int { return cmp.Compare(s.name, name) })
	return all[i]
}

func (all locked) level(l *Limit, now int64) *level { return all.find(l.Scope).level(l, now) }

func (all locked) expire(now int64) {
	for _, s := range all {
		s.expire(now)
	}
}

// known reports whether a claim was granted before. Its scopes know it all, or none.
func (all locked) known(id string) bool {
	return slices.ContainsFunc(all, func(s *scope) bool { return s.claims[id] != nil })
}

// take grants a claim.
func (all locked) take(c *Claim, now int64) {
	for _, s := range all {
		s.take(c, now)
	}
}

// Sweep forgets what is unused.
func (m *Memory) Sweep() {
	now := m.now().UnixMicro()
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		for name, s := range sh.scopes {
			if s.mu.TryLock() { // one that is locked is in use
				if s.sweep(now); s.gone {
					delete(sh.scopes, name)
				}
				s.mu.Unlock()
			}
		}
		sh.mu.Unlock()
	}
}
