package circuit

import (
	"slices"
	"time"
)

// Forget closes the circuits of a backend, whoever found out why they are open, and takes in no
// limit of an attempt that began before. It returns how many were open, or about to.
func (s *Store) Forget(backend string) (circuits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elsewhere = slices.DeleteFunc(slices.Clone(s.elsewhere), func(e Elsewhere) bool { return e.Backend == backend })
	now := s.now()
	for key, c := range s.all {
		if key.Backend == backend && c.reset(now) {
			circuits++
		}
	}
	return circuits
}

// reset forgets what was observed and learnt, and reports whether that was anything.
func (c *Circuit) reset(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	knew := !c.Closed() || c.unnamed.Load() > 0
	c.until.Store(0)
	c.unnamed.Store(0)
	c.forgot.Store(now.UnixNano())
	c.row, c.probe, c.closed, c.learnt, c.named = 0, 0, now, false, false
	return knew
}
