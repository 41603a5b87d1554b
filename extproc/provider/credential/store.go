// Package credential turns the references to secrets that a policy holds into the
// secrets themselves.
//
// The promise: no secret is ever part of an error, a warning or a log line; Secret
// redacts itself. A file is looked at when a secret is asked for, at most once a second,
// and read again if it has changed. The trap: a file that becomes unreadable keeps its
// former secret, so look at Warnings.
package credential

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// CoolDown is how long the other credential is preferred to a rejected one.
const CoolDown = time.Minute

// Store holds the secrets of one policy. It is safe for concurrent use.
type Store struct {
	clock    func() time.Time
	backends map[string]*slots
}

// slots are the credentials of one backend, at most two, and its further headers.
type slots struct {
	name  string
	named int // credentials that the policy names
	all   []*slot
	sent  []*Header
	lacks []string // places of headers that are not set
}

// New resolves every credential of a policy, those in further headers included. One that is not set, or that cannot be
// used, is an error that names the backend and the variable or file. With
// without_credential: simulate one that is not set is left out instead, and Missing says
// if none is left. The store is valid even with an error, for Missing.
func New(set *policy.Set, lookupEnv func(string) (string, bool), clock func() time.Time) (*Store, error) {
	s := &Store{clock: clock, backends: make(map[string]*slots)}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(set.Backends)) {
		b := set.Backends[name]
		here := &slots{name: name, named: len(b.Credentials)}
		for i, ref := range b.Credentials {
			one, err := resolve(ref, i, secret.Key, lookupEnv, clock())
			switch {
			case err == nil:
				here.all = append(here.all, one)
			case b.WithoutCredential == policy.WithoutSimulate && errors.Is(err, secret.ErrNotSet):
			default:
				faults = append(faults, fmt.Errorf("backend %q: %w", name, err))
			}
		}
		faults = append(faults, here.headers(b, lookupEnv, clock))
		s.backends[name] = here
	}
	return s, errors.Join(faults...)
}

// Inherit makes what is known of a secret outlive the policy. The secrets of each
// backend are compared with those of the store before: of two that are the same, a
// rejection through either store counts in both from then on. It is called before the
// store is shared with other goroutines.
func (s *Store) Inherit(before *Store) {
	for name, here := range s.backends {
		was := before.backends[name]
		if was == nil {
			continue
		}
		for _, one := range here.all {
			for _, old := range was.all {
				if one.Secret().Reveal() == old.Secret().Reveal() {
					one.rejected = old.rejected
				}
			}
		}
	}
}

// Missing reports whether something that the policy names for a backend is not set, so
// that the simulated provider must answer in its place: every credential, or a header.
func (s *Store) Missing(b *policy.Backend) bool { return len(s.Lacks(b)) > 0 }

// Lacks returns the variables and files for whose sake a backend is Missing.
func (s *Store) Lacks(b *policy.Backend) (places []string) {
	here := s.backends[b.Name]
	if here == nil || len(here.all) == 0 {
		for _, c := range b.Credentials {
			places = append(places, c.Env+c.File) // one of them is empty
		}
	}
	if here != nil {
		places = append(places, here.lacks...)
	}
	return places
}

// Pick returns the secret to call a backend with, and its index for Reject. For a
// backend without credentials the index is -1. Pick does not allocate unless a
// file is due to be looked at, at most once a second for each.
func (s *Store) Pick(backend string) (secret.Secret, int) {
	here := s.backends[backend]
	if here == nil || len(here.all) == 0 {
		return secret.Secret{}, -1
	}
	now := s.clock()
	best := here.all[0]
	best.refresh(now)
	if len(here.all) > 1 && best.cooling(now) {
		other := here.all[1]
		other.refresh(now)
		// If both were rejected, the one whose rejection is older has the better
		// chance to have been renewed since.
		if !other.cooling(now) || other.rejected.Load() < best.rejected.Load() {
			best = other
		}
	}
	return best.Secret(), best.index
}

// Credentials returns the credentials of a backend in the order of the policy.
func (s *Store) Credentials(backend string) []secret.Secret {
	here := s.backends[backend]
	if here == nil {
		return nil
	}
	now, all := s.clock(), make([]secret.Secret, 0, 2)
	for _, one := range here.all {
		one.refresh(now)
		all = append(all, one.Secret())
	}
	return all
}

// Secrets returns the secrets of a backend in the order of the policy, those in further
// headers last, for those who look for them in texts that must not hold them.
func (s *Store) Secrets(backend string) []secret.Secret {
	here := s.backends[backend]
	if here == nil {
		return nil
	}
	all := s.Credentials(backend)
	for _, h := range here.sent {
		if h.slot != nil && len(h.Reveal()) >= minQuoted {
			all = append(all, h.slot.Secret())
		}
	}
	return all
}

// Reject marks a secret that the provider did not take (401, 402, 403), so that
// the other one is preferred for CoolDown. An index that no credential has is ignored.
func (s *Store) Reject(backend string, index int) {
	here := s.backends[backend]
	if here == nil {
		return
	}
	for _, one := range here.all {
		if one.index == index {
			one.rejected.Store(s.clock().UnixNano())
		}
	}
}

// Accept notes that the provider took a secret, so that it does not count as rejected any more. An
// index that no credential has is ignored.
func (s *Store) Accept(backend string, index int) {
	here := s.backends[backend]
	if here == nil {
		return
	}
	for _, one := range here.all {
		if one.index == index && one.rejected.Load() != 0 {
			one.rejected.Store(0)
		}
	}
}

// State counts the credentials of one backend by what is known of them. A rejected one has been
// rejected since the provider took it last, or since it was found in its place.
type State struct{ Set, Missing, Rejected int }

// States returns the states of each backend for which the policy names credentials.
func (s *Store) States() map[string]State {
	all := make(map[string]State)
	for name, here := range s.backends {
		if here.named == 0 {
			continue
		}
		state := State{Missing: here.named - len(here.all)}
		for _, one := range here.all {
			if one.rejected.Load() != 0 {
				state.Rejected++
			} else {
				state.Set++
			}
		}
		all[name] = state
	}
	return all
}

// Forget has no secret of a backend count as rejected any more, through this store and those that
// share it, and returns how many did.
func (s *Store) Forget(backend string) (rejected int) {
	here := s.backends[backend]
	if here == nil {
		return 0
	}
	now := s.clock()
	for _, one := range here.all {
		if one.cooling(now) {
			rejected++
		}
		one.rejected.Store(0)
	}
	return rejected
}

// Warnings returns what operators should know of the credentials now: files that
// others may read, and files that could not be read again and keep their former
// secret. It is safe to show.
func (s *Store) Warnings() []string {
	var all []string
	now := s.clock()
	for _, name := range slices.Sorted(maps.Keys(s.backends)) {
		for _, one := range s.backends[name].places() {
			one.refresh(now)
			for _, w := range one.Warnings() {
				all = append(all, fmt.Sprintf("backend %q: %s", name, w))
			}
		}
	}
	return all
}

// places returns all that was resolved for the backend.
func (s *slots) places() []*slot {
	all := slices.Clone(s.all)
	for _, h := range s.sent {
		if h.slot != nil {
			all = append(all, h.slot)
		}
	}
	return all
}
