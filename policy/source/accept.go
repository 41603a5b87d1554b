package source

import (
	"errors"

	"github.com/headgate/headgate/policy"
)

// accept puts a change into effect and records it on top of another, the newest
// that the caller has looked at, or does neither. It returns
// ErrOvertaken if another process recorded a change meanwhile: that one must be put
// into effect then, and nothing is taken back before, because most often it is the
// same, read from the same file by a replica.
//
// The change is on disk before it takes effect, and gets its name afterwards: it is
// never recorded without having been in effect, and once it is, little is left that
// can fail.
func (s *Source) accept(e effect, newest Change) (Change, error) {
	c, set := &e.change, e.set
	c.Number, c.Parent = newest.Number+1, s.history.hashes.shown(newest).Revision
	c.At = s.options.Now().UTC().Round(0) // as it is read back
	d, err := s.history.Draft(*c)
	if err != nil {
		return Change{}, &RecordError{set.Revision, err}
	}
	defer d.Discard()
	if err := s.apply(set); err != nil {
		return Change{}, err
	}
	switch err := d.Commit(); {
	case errors.Is(err, ErrOvertaken):
		return Change{}, err
	case err != nil:
		return Change{}, errors.Join(&RecordError{set.Revision, err}, s.restore())
	}
	s.accepted(e)
	return *c, nil
}

// apply puts a Set into effect, unless its revision is.
func (s *Source) apply(set *policy.Set) error {
	if s.applied == set.Revision {
		return nil
	}
	s.reject()
	if err := s.options.Apply(set); err != nil {
		return &ApplyError{set.Revision, err}
	}
	s.applied = set.Revision
	return nil
}

// again applies the Set in effect once more, if it was refused since.
func (s *Source) again() error {
	if s.options.Rejected() == nil {
		return nil
	}
	set := s.Latest()
	if err := s.options.Apply(set); err != nil {
		return &ApplyError{set.Revision, err}
	}
	return nil
}

// restore undoes an apply whose change is not in effect, if there was one.
func (s *Source) restore() error {
	if s.effect.Load() == nil {
		return nil
	}
	return s.apply(s.Latest())
}

// accepted publishes what apply put into effect.
func (s *Source) accepted(e effect) {
	s.history.hashes.learn(e.change.Number, namesOf(e.set))
	s.effect.Store(&e)
	s.refused.Store(nil)
	select {
	case s.moved <- struct{}{}:
	default: // a signal waits already
	}
}

// refuse notes a change that did not take effect, and returns why.
func (s *Source) refuse(origin Origin, err error) error {
	s.refused.Store(&Refusal{Origin: origin, Reason: err.Error(), At: s.options.Now().UTC().Round(0)})
	return err
}

// refuseFile is refuse for the file, which may be read any number of times: only the
// first counts, so that a push that follows stays the last change.
func (s *Source) refuseFile(stamp string, err error) error {
	if stamp == s.badFile.stamp {
		return err
	}
	err = s.refuse(FromFile, err)
	s.badFile = badFile{stamp, s.refused.Load()}
	return err
}

// badFile is a file that was refused.
type badFile struct {
	stamp   string
	refusal *Refusal
}

// fileIsGood takes a refusal of the file back, even if what it says now was read
// before and is no change. A refusal of something later stays.
func (s *Source) fileIsGood() {
	if s.badFile.refusal != nil {
		s.refused.CompareAndSwap(s.badFile.refusal, nil)
	}
	s.badFile = badFile{}
}
