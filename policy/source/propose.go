package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/policy"
)

// Push puts the policy of a proposal into effect and returns its change. A faulty
// policy is refused with *policy.Faults, one that lacks files, author or reason with
// ErrIncomplete, and one that expects another revision than the one in effect with
// ErrConflict. If the proposed revision is in effect already, Push returns the
// change that put it there and records none, but applies it once more if
// Options.Rejected says so.
func (s *Source) Push(p Proposal) (Change, error) {
	if err := p.complete(); err != nil {
		return Change{}, err
	}
	if len(p.Files) == 0 {
		return Change{}, fmt.Errorf("%w: it holds no files", ErrIncomplete)
	}
	return s.propose(p, func(newest Change) (Change, error) {
		return Change{Origin: FromPush, Files: p.Files, Overlay: p.overlay(newest)}, nil
	})
}

// overlay is what lies over the proposed document.
func (p Proposal) overlay(newest Change) policy.Overlay {
	if p.WithoutOverlay {
		return policy.Overlay{}
	}
	return newest.Overlay
}

func (p Proposal) complete() error {
	var missing []string
	if strings.TrimSpace(p.Author) == "" {
		missing = append(missing, "author")
	}
	if strings.TrimSpace(p.Reason) == "" {
		missing = append(missing, "reason")
	}
	if missing != nil {
		return fmt.Errorf("%w: it does not say %s", ErrIncomplete, strings.Join(missing, " and "))
	}
	return nil
}

// propose makes a change on top of the newest one, whichever process recorded that. An
// error of target is of who asks, and no refusal of a policy.
func (s *Source) propose(p Proposal, target func(newest Change) (Change, error)) (Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.refresh(); err != nil {
			return Change{}, err
		}
		late := s.fromHistory() // matters only if nothing replaces the newest
		recorded := s.history.newest()
		now := s.history.hashes.shown(recorded)
		if p.Expect != "" && !s.history.hashes.named(recorded, p.Expect) {
			return Change{}, fmt.Errorf("%w: expected %s, in effect is %s", ErrConflict, p.Expect, now.Revision)
		}
		c, err := target(recorded)
		if err != nil {
			return Change{}, err
		}
		e, err := compiled(c)
		if err == nil {
			err = s.admit(e.set.Document(), c)
		}
		switch {
		case err != nil:
			return Change{}, s.refuse(c.Origin, err)
		case e.set.Revision == now.Revision && c.Overlay.Equal(recorded.Overlay):
			return now, errors.Join(late, s.again())
		}
		e.change.Author, e.change.Reason = p.Author, p.Reason
		done, err := s.accept(e, recorded)
		if errors.Is(err, ErrOvertaken) {
			continue
		}
		if err != nil {
			return Change{}, s.refuse(c.Origin, err)
		}
		return done, nil
	}
}
