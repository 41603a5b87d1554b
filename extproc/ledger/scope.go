package ledger

import (
	"container/heap"
	"maps"
	"sync"
)

// scope has the limits that belong together.
type scope struct {
	name string

	mu     sync.Mutex
	levels map[string]*level // by name of the limit
	claims map[string]*claim // by id
	queue  queue
	gone   bool // it was unused, and is not kept any more
}

func newScope(name string) *scope {
	return &scope{name: name, levels: make(map[string]*level), claims: make(map[string]*claim)}
}

// level returns the drained level of a limit.
func (s *scope) level(l *Limit, now int64) *level {
	v := s.levels[l.Name]
	if v == nil {
		v = &level{at: now}
		s.levels[l.Name] = v
	}
	v.drain(l, now)
	return v
}

// take takes what a claim asks of this scope.
func (s *scope) take(c *Claim, now int64) {
	t := &claim{id: c.ID, at: now, expires: now + c.TTL.Microseconds()}
	if t.taken = t.room[:0]; len(c.Limits) > len(t.room) {
		t.taken = make([]taken, 0, len(c.Limits))
	}
	for i := range c.Limits {
		l := &c.Limits[i]
		if l.Scope != s.name {
			continue
		}
		v := s.level(l, now)
		v.change(l, l.parts(l.Amount), now)
		t.taken = append(t.taken, taken{limit: l.kept(), amount: l.Amount, top: v.used})
	}
	s.claims[c.ID] = t
	heap.Push(&s.queue, t)
}

// settle replaces what a claim took by what was used, and reports whether it did: not if the
// claim was settled before. One that is not known was given back and forgotten, or never taken:
// all of it is new.
func (s *scope) settle(c *Claim, used []int64, now int64) bool {
	t := s.claims[c.ID]
	if t == nil {
		t = &claim{id: c.ID, at: now, expires: now + c.TTL.Microseconds(), late: true}
		s.claims[c.ID] = t
		heap.Push(&s.queue, t)
	}
	if t.settled {
		return false
	}
	t.settled = true
	n := 0
	for i := range c.Limits {
		l := &c.Limits[i]
		if l.Scope != s.name {
			continue
		}
		v := s.level(l, now)
		if t.late {
			v.change(l, l.parts(used[i]), now)
		} else {
			t.correct(v, &t.taken[n], used[i], now)
		}
		n++
	}
	return true
}

// expire gives back what was not settled in time, and forgets in a second turn that a claim
// was there: a settlement may still come.
func (s *scope) expire(now int64) {
	for len(s.queue) > 0 && s.queue[0].expires <= now {
		t := heap.Pop(&s.queue).(*claim)
		if t.late {
			delete(s.claims, t.id)
			continue
		}
		for i := 0; i < len(t.taken) && !t.settled; i++ {
			k := &t.taken[i]
			t.correct(s.level(&k.limit, now), k, 0, now)
		}
		t.late = true
		t.expires += t.expires - t.at
		heap.Push(&s.queue, t)
	}
}

// sweep forgets what is unused.
func (s *scope) sweep(now int64) {
	s.expire(now)
	maps.DeleteFunc(s.levels, func(_ string, v *level) bool { return v.ends <= now })
	s.gone = len(s.levels)+len(s.claims) == 0
}
