package policy

import "time"

// Priced reports whether a model has a price at a backend at a moment, or may go without one. Of a
// wildcard's uses that is known once somebody asks for a name.
func (s *Set) Priced(u Use, at time.Time) bool {
	if s.Unpriced != UnpricedRefuse {
		return true
	}
	_, ok := s.Prices.Look(u.Backend.Provider.Name, u.Backend.Name, u.Model, at)
	return ok
}
