package xds

import (
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"
)

// ExpireEarlier takes what has expired out of the releases before the latest one: those
// that groups have gone back to, or would. Of the latest one its publisher does. It returns
// when more of them expires; zero: nothing does.
func (s *Server) ExpireEarlier() (next time.Time, err error) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	for _, old := range s.earlier() {
		r, failed := s.unexpired(old)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		if r != old {
			s.replace(old, r)
			s.log.Info("what lay over an earlier revision has expired", zap.String("earlier", old.revision), zap.String("revision", r.revision))
		}
		if at := r.published.Overlay.Expiry(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, err
}

// earlier returns the releases that groups are served, or would go back to, but for the
// latest one.
func (s *Server) earlier() (all []*release) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := []*release{s.assumed}
	for _, g := range s.groups {
		known = append(known, g.good, g.before, g.target)
	}
	for _, r := range known {
		if r != nil && r != s.latest && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// unexpired returns a release without what has expired of it: itself if nothing has.
func (s *Server) unexpired(r *release) (*release, error) {
	acts, expired := r.published.Overlay.At(s.now())
	if expired.IsZero() {
		return r, nil
	}
	set, _ := r.published.Under(acts)
	return s.newRelease(r.number, set, r.options, r.salt)
}

// replace puts another release in the place of one, and gives it to those who are served
// that.
func (s *Server) replace(old, r *release) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest == old {
		s.latest = r
	}
	if s.assumed == old {
		s.assumed = r
	}
	for _, g := range s.groups {
		if g.good == old {
			g.good = r
		}
		if g.before == old {
			g.before = r
		}
		if g.target == old {
			g.target = r
			s.metrics.serve(g)
			s.advanceAll(g)
		}
	}
	s.wake()
}
