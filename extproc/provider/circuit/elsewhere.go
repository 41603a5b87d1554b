package circuit

import "time"

// Elsewhere is a circuit that is open at other pairs, which share the account.
type Elsewhere struct {
	Backend, Model, Account string
	Reason                  Reason
	Since, Until            time.Time
	Named                   bool // the backend said until when
}

// Learn takes in which circuits are open at other pairs, in place of what was learnt before.
// What was observed here counts more: a circuit that is open here stays as it is, and one that
// an answer here has closed since opens no more for the same reason.
func (s *Store) Learn(elsewhere []Elsewhere) {
	s.mu.Lock()
	s.elsewhere = elsewhere
	now, changes := s.now(), []Change(nil)
	for _, c := range s.all {
		if change := c.learn(s.of(c), now); change.Open || change.Closed {
			changes = append(changes, change)
		}
	}
	s.mu.Unlock()
	for _, change := range changes {
		s.changed(change)
	}
}

// of returns what other pairs know of a circuit; nil: nothing. The caller holds the mutex.
func (s *Store) of(c *Circuit) *Elsewhere {
	for i := range s.elsewhere {
		if e := &s.elsewhere[i]; e.Backend == c.key.Backend && e.Model == c.key.Model && e.Account == c.account {
			return e
		}
	}
	return nil
}

// learn takes in what other pairs know; nil: nothing.
func (c *Circuit) learn(e *Elsewhere, now time.Time) (change Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.learnt && !c.Closed(): // it is known here
		return Change{}
	case e == nil || !now.Before(e.Until):
		return c.forget(now)
	case !e.Since.After(c.closed):
		return Change{}
	}
	until := e.Until
	if latest := now.Add(MaxOpen); until.After(latest) {
		until = latest
	}
	change = Change{Key: c.key, Open: !c.learnt || !c.Open(now), Learnt: true, Reason: e.Reason, Wait: until.Sub(now)}
	c.opened, c.reason, c.named, c.learnt = e.Since, e.Reason, e.Named, true
	c.until.Store(until.UnixNano())
	return change
}

// forget closes a circuit of which other pairs say nothing any more before its time. One whose
// time is over has its probe.
func (c *Circuit) forget(now time.Time) Change {
	if !c.learnt || !c.Open(now) {
		return Change{}
	}
	c.learnt = false
	c.until.Store(0)
	return Change{Key: c.key, Closed: true, Learnt: true}
}
