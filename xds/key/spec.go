package key

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
)

// Spec says what key is made.
type Spec struct {
	Name       string     `json:"name"`
	Role       Role       `json:"role,omitempty"`
	Attributes Attributes `json:"attributes,omitzero"`
	Expires    time.Time  `json:"expires,omitzero"` // zero: never
}

// Bounds of what a key has.
const (
	maxModels = 1000
	maxTags   = 16
	// maxLife is how far ahead an expiry may lie, so that it is a number of nanoseconds.
	maxLife = 100 * 365 * 24 * time.Hour
)

// validate returns everything that is wrong with a spec.
func (s *Spec) validate(set *policy.Set, now time.Time) error {
	faults := []error{label("name", s.Name), s.checkRole(), checkExpiry(s.Expires, now)}
	if s.Role == Caller {
		faults = append(faults, s.Attributes.check(), s.known(set))
	} else if !s.Attributes.zero() {
		faults = append(faults, errors.New("attributes are of callers: a key of the admin API has none"))
	}
	if err := errors.Join(faults...); err != nil {
		return refuse(ErrInvalid, "%w", err)
	}
	return nil
}

func (s *Spec) checkRole() error {
	if s.Role != Caller && s.Role != Read && s.Role != Write {
		return fmt.Errorf("role: %q is not known: it is read, write, or empty for callers", s.Role)
	}
	return nil
}

func checkExpiry(expires, now time.Time) error {
	switch {
	case expires.IsZero():
		return nil
	case !expires.After(now):
		return errors.New("expires: the time is over")
	case expires.Sub(now) > maxLife:
		return errors.New("expires: the time is more than a hundred years ahead; without it a key never expires")
	}
	return nil
}

func label(field, text string) error {
	if err := policy.CheckLabel(text); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

func optional(field, text string) error {
	if text == "" {
		return nil
	}
	return label(field, text)
}

// zero reports whether nothing is said.
func (a *Attributes) zero() bool {
	return a.User == "" && a.Team == "" && a.Tier == "" && len(a.Models) == 0 && len(a.Tags) == 0 && a.Quota == (Quota{})
}

// check returns everything that is wrong, whatever the policy.
func (a *Attributes) check() error {
	faults := []error{optional("user", a.User), optional("team", a.Team), optional("tier", a.Tier)}
	for _, tag := range a.Tags {
		faults = append(faults, label("tags", tag))
	}
	if len(a.Tags) > maxTags {
		faults = append(faults, fmt.Errorf("tags: more than %d", maxTags))
	}
	if len(a.Models) > maxModels {
		faults = append(faults, fmt.Errorf("models: more than %d", maxModels))
	}
	q := &a.Quota
	if min(q.RPM, q.TPM, q.PerDay, q.PerMonth) < 0 {
		faults = append(faults, errors.New("quota: a bound is negative"))
	}
	if q.Shadow && *q == (Quota{Shadow: true}) {
		faults = append(faults, errors.New("quota: shadow without a bound"))
	}
	return errors.Join(faults...)
}

// known returns what names what the policy does not have.
func (s *Spec) known(set *policy.Set) error {
	if set == nil {
		return nil
	}
	var faults []error
	if _, ok := set.Callers[s.Name]; ok {
		faults = append(faults, fmt.Errorf("name: the policy has a caller %s", s.Name))
	}
	if _, ok := set.Tiers[s.Attributes.Tier]; !ok && s.Attributes.Tier != "" {
		faults = append(faults, fmt.Errorf("tier: the policy has no tier %s", s.Attributes.Tier))
	}
	for _, model := range s.Attributes.Models {
		if !set.Grants(model) {
			faults = append(faults, fmt.Errorf("models: the policy has no model %s", model))
		}
	}
	return errors.Join(faults...)
}

// sorted are attributes whose models are in order, each once.
func (a Attributes) sorted() Attributes {
	a.Models = slices.Compact(slices.Sorted(slices.Values(a.Models)))
	return a
}
