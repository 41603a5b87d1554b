package source

import (
	"fmt"

	"github.com/headgate/headgate/policy"
)

// Rollback puts the newest policy of a revision into effect again, as a change of its
// own. An empty revision is the one that was in effect before the current one: the
// next Rollback goes further back, not forth again, and what was rejected is passed
// over. The proposal is judged as by Push, but for its files, which are not read.
func (s *Source) Rollback(revision string, p Proposal) (Change, error) {
	if err := p.complete(); err != nil {
		return Change{}, err
	}
	return s.propose(FromRollback, p, func() ([]policy.File, *policy.Set, error) {
		to, err := s.target(revision)
		if err != nil {
			return nil, nil, err
		}
		set, err := policy.ParseFiles(to.Files)
		return to.Files, set, err
	})
}

// target finds what to roll back to. A file that was read with the current revision
// in it is no revision before it.
func (s *Source) target(revision string) (Change, error) {
	if revision != "" {
		return s.Find(revision)
	}
	hashes := &s.history.hashes
	now := hashes.shown(s.history.newest())
	first := s.undone(now)
	c, ok := s.history.last(func(c Change) bool {
		return c.Number < first.Number && c.Rejected == "" && hashes.of(c) != now.Revision
	})
	if !ok {
		return Change{}, fmt.Errorf("there is no policy before %s to go back to: %w", now.Revision, ErrUnknownRevision)
	}
	return c, nil
}

// Good returns the newest policy that was in effect where it should be, if the current
// one never was.
func (s *Source) Good() (*policy.Set, bool) {
	good, ok := s.history.last(func(c Change) bool { return c.Taken })
	if !ok || s.history.hashes.of(good) == s.Latest().Revision {
		return nil, false
	}
	set, err := policy.ParseFiles(good.Files)
	return set, err == nil // another version of Headgate may not know all of it
}

// undone returns the change that brought what a rollback has brought back.
func (s *Source) undone(back Change) Change {
	hashes := &s.history.hashes
	for back.Origin == FromRollback {
		earlier, ok := s.history.last(func(c Change) bool { return c.Number < back.Number && hashes.of(c) == hashes.of(back) })
		if !ok {
			break // its file was removed by hand
		}
		back = earlier
	}
	return back
}
