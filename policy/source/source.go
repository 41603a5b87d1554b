// Package source reads policies, watches the files that they come from and publishes
// the latest valid Set, with a history of how it came to be.
//
// The promise: a faulty policy never takes effect; the last good Set stays. Of good
// ones the last change wins, whether it came from a file or was pushed, and that
// holds over restarts. The trap: a Source watches nothing by itself. Whoever owns it
// runs Watch on the policy's path with Reload, the Watch of the history with Sync,
// and ExpireInTime for what is laid over a policy until some time.
package source

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/policy"
)

// Options are what a Source is made of.
type Options struct {
	// Path is the file or folder of the policy. It may be empty if the history
	// has entries.
	Path string
	// History keeps the changes. Without it they live in memory.
	History History
	// Apply puts a Set into effect. Its error refuses the change and means that
	// nothing changed. It is called one at a time, also for the first Set, and for
	// an earlier Set again if a change could not be recorded. It must not call
	// methods that change the policy.
	Apply func(*policy.Set) error
	// Rejected says why somebody who should have the Set in effect that was applied
	// last refused it, or nil. Such a Set is applied once more when it is asked for again, and
	// the history says so of its change. Without it that is never so.
	Rejected func() error
	// Grants are what documents that do not come from the path may have Headgate read beside
	// what the files at the path do.
	Grants policy.Grants
	// Now is the clock of the changes. Without it that is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.History == nil {
		o.History = &Memory{}
	}
	if o.Apply == nil {
		o.Apply = func(*policy.Set) error { return nil }
	}
	if o.Rejected == nil {
		o.Rejected = func() error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Source holds the policy that is in effect and lets it be changed. It is safe for
// concurrent use: changes wait for each other, reading never waits.
type Source struct {
	options Options
	history trail
	effect  atomic.Pointer[effect]  // never nil once Open returned
	refused atomic.Pointer[Refusal] // nil: nothing was refused since the last change, or the file is good again

	moved chan struct{} // holds a signal after another change took effect

	mu      sync.Mutex  // one change at a time
	applied string      // revision that Apply was called with last, without an error
	badFile badFile     // the file that was refused last; the zero value: it was good
	file    *policy.Set // the last good one at the path; nil: there was none since Open
}

// effect is a policy in effect and how it came to be.
type effect struct {
	set    *policy.Set
	left   []policy.LeftOut // of the change's overlay
	change Change
}

// compiled returns what a change puts into effect, with the names that it has here.
func compiled(c Change) (effect, error) {
	set, left, err := c.compile()
	if err != nil {
		return effect{}, err
	}
	c.Revision, c.Document = set.Revision, ""
	if document := set.Document().Revision; document != set.Revision {
		c.Document = document
	}
	return effect{set, left, c}, nil
}

// Open puts the policy at the path into effect if it is newer than the one read
// from there last, else the newest of the history. If the file is faulty the
// history's newest stays, and Refused says why; without any that is an error, and so it is
// if all policies of files in the history are those of other paths.
func Open(o Options) (*Source, error) {
	o = o.withDefaults()
	s := &Source{options: o, history: trail{History: o.History}, moved: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(); err != nil {
		return nil, err
	}
	err := errors.Join(s.expire(), s.fromFile())
	refusal := s.refused.Load()
	if err != nil && s.strange() {
		return nil, fmt.Errorf("%w; the history is of another policy file, so nothing of it is published instead: mend this one, or start with the other", err)
	}
	if s.effect.Load() == nil {
		err = errors.Join(err, s.fromHistory())
	}
	switch {
	case s.effect.Load() != nil:
	case err != nil:
		return nil, err
	default:
		return nil, errors.New("neither a policy file nor a history of policies is given")
	}
	s.refused.Store(refusal)
	return s, nil
}

// Latest returns the Set in effect. It never blocks and is never nil.
func (s *Source) Latest() *policy.Set { return s.effect.Load().set }

// Current returns the change that put the Set in effect there.
func (s *Source) Current() Change { return s.effect.Load().change }

// History returns all changes, the newest first. Those that were in effect in this process
// have the revision of this version of Headgate, others may have the recorded one. Their
// files must not be changed.
func (s *Source) History() []Change {
	all := slices.Clone(s.history.Changes())
	slices.Reverse(all)
	for i, c := range all {
		all[i] = s.history.hashes.learned(c)
	}
	if len(all) > 0 && all[0].Number == s.Current().Number {
		if why := s.options.Rejected(); why != nil {
			all[0].Rejected = why.Error()
		}
	}
	return all
}

// Refused returns the last change that was refused for its faults or could not take
// effect, unless an accepted one followed it, or the file that was refused is good
// again. A conflict is no refusal.
func (s *Source) Refused() *Refusal { return s.refused.Load() }

// Overlay returns what lies over the document in effect and acts.
func (s *Source) Overlay() policy.Overlay { return s.Latest().Overlay }

// LeftOut returns what lies over the document in effect and does not act, because the
// document has no place for it.
func (s *Source) LeftOut() []policy.LeftOut { return s.effect.Load().left }

// Find returns the newest change to a revision, by the hash of this version of Headgate
// or of the one that recorded it, or else to a document of this revision under an
// overlay, or ErrUnknownRevision.
func (s *Source) Find(revision string) (Change, error) {
	hashes := &s.history.hashes
	c, ok := s.history.last(func(c Change) bool { return hashes.named(c, revision) })
	if !ok {
		c, ok = s.history.last(func(c Change) bool { return hashes.document(c) == revision })
	}
	if !ok {
		return Change{}, fmt.Errorf("%w: %q", ErrUnknownRevision, revision)
	}
	return c, nil
}

// Sync puts into effect what another process recorded in the shared history. It
// reports whether that changed the revision in effect.
func (s *Source) Sync() (changed bool, err error) {
	return s.changing(s.sync)
}

// Reload reads the file again, after Sync. It takes effect if it differs from the
// one read last, by revision: a file that stayed as it was does not undo a push.
// If nothing differs the Set in effect is applied once more, provided Options.Rejected
// says so. Reload reports whether the revision in effect changed; on an error it may have,
// by Sync alone.
func (s *Source) Reload() (changed bool, err error) {
	return s.changing(s.reload)
}

func (s *Source) reload() error {
	before := s.Latest().Revision
	if err := errors.Join(s.sync(), s.fromFile()); err != nil || s.Latest().Revision != before {
		return err
	}
	return s.again()
}

func (s *Source) changing(change func() error) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.Latest().Revision
	err = change()
	return s.Latest().Revision != before, err
}

func (s *Source) sync() error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.fromHistory()
}

// refresh learns what other processes recorded.
func (s *Source) refresh() error {
	if err := s.history.Refresh(); err != nil {
		return errors.Join(err, s.restore())
	}
	return nil
}

// fromHistory puts the newest change of the history into effect, if there is one.
func (s *Source) fromHistory() error {
	c := s.history.newest()
	now := s.effect.Load()
	if c.Number == 0 || now != nil && now.change.Number == c.Number {
		return nil
	}
	e, err := compiled(c)
	if err == nil {
		err = s.apply(e.set)
	}
	if err != nil {
		return s.refuse(c.Origin, errors.Join(fmt.Errorf("change %d of the history: %w", c.Number, err), s.restore()))
	}
	s.accepted(e)
	return nil
}

// fromFile puts the file into effect if it is newer than the last one read.
func (s *Source) fromFile() error {
	if s.options.Path == "" {
		return nil
	}
	stamp := look(s.options.Path).stamp()
	files, err := Read(s.options.Path)
	if err != nil {
		return s.refuseFile(stamp, err)
	}
	set, err := policy.ParseFiles(files)
	if err != nil {
		return s.refuseFile(stamp, err)
	}
	s.file = set
	if err := s.acceptFile(set, files); err != nil {
		return s.refuseFile(stamp, err)
	}
	s.fileIsGood()
	return nil
}

func (s *Source) acceptFile(set *policy.Set, files []policy.File) error {
	for {
		newest := s.history.newest()
		if s.wasRead(set) {
			return nil
		}
		e, err := compiled(Change{Origin: FromFile, Author: "file", Reason: s.options.Path, Files: files, Overlay: newest.Overlay})
		if err != nil {
			return err
		}
		_, err = s.accept(e, newest)
		if !errors.Is(err, ErrOvertaken) {
			return err
		}
		if err := s.sync(); err != nil {
			return err
		}
	}
}

// wasRead reports whether this policy is the one that was last read from a file.
func (s *Source) wasRead(set *policy.Set) bool {
	c, ok := s.history.last(func(c Change) bool { return c.Origin == FromFile })
	return ok && s.history.hashes.document(c) == set.Revision
}
