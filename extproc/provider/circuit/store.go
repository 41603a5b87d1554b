package circuit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/policy"
)

// Key identifies what has limits of its own: a model at an account of a provider. A
// backend whose place or credentials are changed is another one.
type Key struct {
	Backend string
	Model   string
	place   string
}

// KeyOf returns the key of a use.
func KeyOf(u policy.Use) Key {
	k := Key{Backend: u.Backend.Name, Model: u.Model}
	if u.Backend.URL != nil {
		k.place = u.Backend.URL.String()
	}
	for _, c := range u.Backend.Credentials {
		k.place += "\n" + c.Env + "\n" + c.File
	}
	return k
}

// account is what a pair calls the place and the credentials of a key towards others. It says
// nothing of what they are.
func (k Key) account() string {
	sum := sha256.Sum256([]byte(k.place))
	return hex.EncodeToString(sum[:8])
}

// Change is that a circuit opened, again or for the first time, or closed.
type Change struct {
	Key
	Open   bool
	Closed bool
	Learnt bool          // another pair has found it out
	Reason Reason        // of an opening
	Wait   time.Duration // until it half-opens
}

// maxKept bounds the circuits that are kept though their policy is gone.
const maxKept = 4096

// Store holds the circuits of all policies: two that name the same backend share what is
// known of it. It is safe for concurrent use.
type Store struct {
	changed func(Change)
	now     func() time.Time

	mu        sync.Mutex
	all       map[Key]*Circuit
	asked     int // how many of all are of names that clients ask for
	elsewhere []Elsewhere
}

// NewStore makes a Store. changed is called for every change, and must not block.
func NewStore(changed func(Change), now func() time.Time) *Store {
	return &Store{changed: changed, now: now, all: make(map[Key]*Circuit)}
}

// Of returns the circuit of a use, which stays the same from policy to policy.
func (s *Store) Of(u policy.Use) *Circuit {
	key := KeyOf(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.all[key]
	if c == nil {
		s.forget()
		return s.add(key)
	}
	if c.asked { // the policy names it by now
		c.asked = false
		s.asked--
	}
	return c
}

// add makes a circuit. The caller holds the mutex.
func (s *Store) add(key Key) *Circuit {
	c := &Circuit{key: key, account: key.account(), changed: s.changed}
	s.all[key] = c
	c.learn(s.of(c), s.now())
	return c
}

// maxAsked bounds the circuits of models that follow from the names that clients ask for.
const maxAsked = 1024

// OfName returns the circuit of a use that follows from one of a wildcard, as the policy writes it,
// and a name that was asked for. While as many names as are kept have open circuits, further ones
// share the circuit of what is written.
func (s *Store) OfName(u, written policy.Use) *Circuit {
	if u.Model == written.Model {
		return s.Of(u)
	}
	key := KeyOf(u)
	s.mu.Lock()
	c := s.all[key]
	if c == nil && s.makeRoom() {
		c = s.add(key)
		c.asked = true
		s.asked++
	}
	s.mu.Unlock()
	if c == nil {
		return s.Of(written)
	}
	return c
}

// makeRoom reports whether a further circuit of a name may be kept. The caller holds the mutex.
func (s *Store) makeRoom() bool {
	if s.asked < maxAsked {
		return true
	}
	now := s.now()
	for key, c := range s.all {
		if c.asked && !c.Open(now) {
			s.drop(key, c)
		}
	}
	return s.asked < maxAsked
}

func (s *Store) drop(key Key, c *Circuit) {
	delete(s.all, key)
	if c.asked {
		s.asked--
	}
}

// forget makes room: a closed circuit that somebody still has opens for them alone.
func (s *Store) forget() {
	if len(s.all) < maxKept {
		return
	}
	now := s.now()
	for key, c := range s.all {
		if !c.Open(now) {
			s.drop(key, c)
		}
	}
}

// State is an open circuit.
type State struct {
	Key
	Account       string // of the key, as other pairs call it
	Reason        Reason
	Opened, Until time.Time
	Named         bool // the backend said until when
}

// List lists the circuits that are open because of what was observed here, in order.
func (s *Store) List() (all []State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, c := range s.all {
		if state, own := c.state(); own && c.Open(now) {
			all = append(all, state)
		}
	}
	slices.SortFunc(all, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Account, b.Account))
	})
	return all
}

func (c *Circuit) state() (s State, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return State{c.key, c.account, c.reason, c.opened, time.Unix(0, c.until.Load()), c.named}, !c.learnt
}

// Open counts the circuits that are open, by backend. A backend of which none is open, but
// some are known, counts 0.
func (s *Store) Open() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, open := s.now(), make(map[string]int)
	for key, c := range s.all {
		n := open[key.Backend]
		if c.Open(now) {
			n++
		}
		open[key.Backend] = n
	}
	return open
}
