// Package key makes the keys that callers present to the gateway and operators to the admin API,
// and keeps them in the control plane's database. Pairs get them by their links.
//
// The promise: a key's text is shown once, as it is made, and cannot be found in the database. A
// change that was confirmed is known to every control plane of the database within a quarter of a
// second, and to each linked pair at once. The trap: what a database that is away cannot confirm
// is not done, and what others know of it stays as it was.
package key

import (
	"cmp"
	"context"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
)

// Database is where keys are kept, as store.Database.
type Database interface {
	// Open returns the database that is open now.
	Open(context.Context) (*store.Store, error)
	// Wrote takes note of what came of a write to it.
	Wrote(*store.Store, error)
}

// Options are what a Service needs.
type Options struct {
	Database Database
	Policy   func() *policy.Set // that names of tiers and models are checked against; nil, or nil of it: they are not
	Changed  func()             // is called after each change, and does not wait; nil: nobody wants to know
	Now      func() time.Time
}

// Service makes and ends keys. It is safe for concurrent use. Its errors are Refusals, or of the
// database.
type Service struct{ options Options }

// New makes a Service.
func New(o Options) *Service { return &Service{o} }

func (s *Service) policy() *policy.Set {
	if s.options.Policy == nil {
		return nil
	}
	return s.options.Policy()
}

// Create makes a key.
func (s *Service) Create(ctx context.Context, spec Spec, by string) (*Made, error) {
	if err := spec.validate(s.policy(), s.options.Now()); err != nil {
		return nil, err
	}
	var made *Made
	err := s.change(ctx, func(c *change) error {
		if before, err := c.find(spec.Name); err != nil {
			return err
		} else if before != nil && before.Revoked.IsZero() && before.Name == spec.Name {
			return refuse(ErrTaken, "there is a key %s already: rotate it, or revoke it first", spec.Name)
		}
		k := Key{ID: keyform.NewID(), Name: spec.Name, Role: spec.Role, Attributes: spec.Attributes.sorted(), Created: c.now, CreatedBy: by, Expires: spec.Expires.UTC()}
		if err := c.insert(&k); err != nil {
			return err
		}
		text, err := c.addSecret(&k)
		made = &Made{k, text}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// maxOverlap bounds how long two texts of a key are taken.
const maxOverlap = 365 * 24 * time.Hour

// Rotate makes another text of a key. Those before are taken for an overlap, unless they end
// sooner. The key is named by its id or its name.
func (s *Service) Rotate(ctx context.Context, key string, overlap time.Duration) (*Made, error) {
	if overlap < 0 || overlap > maxOverlap {
		return nil, refuse(ErrInvalid, "overlap: it is between 0 and %d days", int(maxOverlap.Hours()/24))
	}
	var made *Made
	err := s.change(ctx, func(c *change) error {
		k, err := c.named(key)
		if err != nil {
			return err
		}
		if err := k.active(c.now); err != nil {
			return err
		}
		if err := c.endSecrets(k, c.now.Add(overlap)); err != nil {
			return err
		}
		text, err := c.addSecret(k)
		made = &Made{*k, text}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Revoke ends a key at once and for good. One that was revoked stays as it is.
func (s *Service) Revoke(ctx context.Context, key, by string) (*Key, error) {
	return s.update(ctx, key, func(c *change, k *Key) error {
		if k.Revoked.IsZero() {
			k.Revoked, k.RevokedBy = c.now, by
		}
		return nil
	})
}

// Expire says when a key ends; the zero time: never. One that has expired is taken again, one that
// was revoked is not.
func (s *Service) Expire(ctx context.Context, key string, at time.Time) (*Key, error) {
	if err := checkExpiry(at, s.options.Now()); err != nil {
		return nil, refuse(ErrInvalid, "%w", err)
	}
	return s.update(ctx, key, func(c *change, k *Key) error {
		k.Expires = at.UTC()
		return k.notRevoked()
	})
}

// Assign gives a caller's key other attributes in place of those it has.
func (s *Service) Assign(ctx context.Context, key string, a Attributes) (*Key, error) {
	return s.update(ctx, key, func(c *change, k *Key) error {
		k.Attributes = a.sorted()
		spec := Spec{Name: k.Name, Role: k.Role, Attributes: a}
		return cmp.Or(k.notRevoked(), spec.validate(s.policy(), c.now))
	})
}

func (s *Service) update(ctx context.Context, key string, f func(*change, *Key) error) (*Key, error) {
	var k *Key
	err := s.change(ctx, func(c *change) (err error) {
		if k, err = c.named(key); err != nil {
			return err
		}
		if err := f(c, k); err != nil {
			return err
		}
		return c.save(k)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}
