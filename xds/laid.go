package xds

import (
	"errors"

	"github.com/headgate/headgate/policy"
)

// Lay lays an overlay over whatever is published, now and later, in the place of what it
// laid before. It is nobody's change of the policy: the history knows nothing of it, the
// revision that was published stays, at pairs and in their records, too, and it ends with
// this process. What a person has laid on the same place goes first. What a policy has no
// place for is left out.
//
// An error says which releases stay as they were.
func (s *Server) Lay(o policy.Overlay) (err error) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.laid = o
	for _, old := range s.releases() {
		r, failed := s.newRelease(old.number, old.published, old.options, old.salt)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		s.replace(old, r)
	}
	return err
}

// releases returns every release that a group is or may come to be served, the latest
// last: what is built last is built quickest the next time.
func (s *Server) releases() []*release {
	all := s.earlier()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest != nil {
		all = append(all, s.latest)
	}
	return all
}

// under returns what is in effect of a published policy under what Lay has laid. The caller
// holds the mutex of publishing.
func (s *Server) under(published *policy.Set) *policy.Set {
	if s.laid.IsZero() {
		return published
	}
	laid, _ := published.Under(s.laid.With(published.Overlay))
	set := *laid
	set.Revision = published.Revision // a name; pairs distinguish policies by the shape
	return &set
}
