package source

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/policy"
)

// Rollback puts the newest document of a revision into effect again, as a change of its
// own, under what lies over the one in effect. An empty revision is the one that was in
// effect before the current one: the next Rollback goes further back, not forth again, and
// what nobody took is passed over. The proposal is judged as by Push, but for its files, which are not read.
func (s *Source) Rollback(revision string, p Proposal) (Change, error) {
	if err := p.complete(); err != nil {
		return Change{}, err
	}
	return s.propose(p, func(newest Change) (Change, error) {
		to, err := s.target(revision)
		return Change{Origin: FromRollback, Files: to.Files, Overlay: p.overlay(newest)}, err
	})
}

// target finds what to roll back to. A file that was read with the current revision
// in it is no revision before it.
func (s *Source) target(revision string) (Change, error) {
	if revision != "" {
		return s.Find(revision)
	}
	hashes := &s.history.hashes
	now := s.history.newest()
	first := s.undone(s.brought(now))
	c, ok := s.history.last(func(c Change) bool {
		return c.Number < first.Number && (c.Rejected == "" || c.Taken) && hashes.document(c) != hashes.document(now)
	})
	if !ok {
		return Change{}, fmt.Errorf("there is no policy before %s to go back to: %w", hashes.document(now), ErrUnknownRevision)
	}
	return c, nil
}

// Good returns the newest policy that somebody who should have it in effect had, without
// what has expired of it, if nobody has had the current one.
func (s *Source) Good() (*policy.Set, bool) {
	good, ok := s.history.last(func(c Change) bool { return c.Taken })
	if !ok || s.history.hashes.of(good) == s.Latest().Revision {
		return nil, false
	}
	good.Overlay, _ = good.Overlay.At(s.options.Now())
	set, _, err := good.compile()
	if err != nil || set.Revision == s.Latest().Revision {
		return nil, false // another version of Headgate may not know all of it
	}
	return set, true
}

// undone returns the change that brought what a rollback has brought back.
func (s *Source) undone(back Change) Change {
	hashes := &s.history.hashes
	for back.Origin == FromRollback {
		earlier, ok := s.history.last(func(c Change) bool {
			return c.Number < back.Number && hashes.document(c) == hashes.document(back)
		})
		if !ok {
			break // its file was removed by hand
		}
		back = s.brought(earlier)
	}
	return back
}

// brought returns the change that brought the document of a change: those after it were
// of what lies over the document.
func (s *Source) brought(c Change) Change {
	hashes := &s.history.hashes
	for _, before := range slices.Backward(s.history.Changes()) {
		if before.Number >= c.Number {
			continue
		}
		if hashes.document(before) != hashes.document(c) {
			break
		}
		c = before
	}
	return c
}

// Brought returns the change that brought the document in effect: not one of what lies
// over it.
func (s *Source) Brought() Change { return s.history.hashes.shown(s.brought(s.Current())) }
