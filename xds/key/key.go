package key

import (
	"time"

	"github.com/headgate/headgate/policy/keyform"
)

// Key is a key, without what is secret of it.
type Key struct {
	ID         string     `json:"id"`             // in the key itself
	Name       string     `json:"name"`           // of the caller; of several keys one at most has it that is not revoked
	Role       Role       `json:"role,omitempty"` // empty: it is a caller's
	Attributes Attributes `json:"attributes,omitzero"`
	Created    time.Time  `json:"created"`
	CreatedBy  string     `json:"created_by,omitempty"`
	Expires    time.Time  `json:"expires,omitzero"` // zero: never
	Revoked    time.Time  `json:"revoked,omitzero"` // zero: it is not
	RevokedBy  string     `json:"revoked_by,omitempty"`
	Secrets    []Secret   `json:"secrets"` // of which any is taken, the newest first

	changed int64
}

// Role is what a key may do in the admin API.
type Role string

// The values of Role.
const (
	Caller Role = ""      // nothing: it asks for models
	Read   Role = "read"  // see
	Write  Role = "write" // see and change
)

// Attributes are what pairs know of who presents a caller's key. The zero value bounds nothing.
type Attributes struct {
	User   string   `json:"user,omitempty"`   // whom its requests are charged to; empty: whom they name
	Team   string   `json:"team,omitempty"`   // whose quota it shares
	Tier   string   `json:"tier,omitempty"`   // whose quota it has
	Models []string `json:"models,omitempty"` // that it may ask for; empty: all
	Tags   []string `json:"tags,omitempty"`   // of its records
	Quota  Quota    `json:"quota,omitzero"`   // beside its tier's
}

// Quota bounds what a key may consume; 0: no bound.
type Quota struct {
	RPM      int64 `json:"rpm,omitempty"`
	TPM      int64 `json:"tpm,omitempty"`
	PerDay   int64 `json:"nano_usd_per_day,omitempty"`
	PerMonth int64 `json:"nano_usd_per_month,omitempty"`
	Shadow   bool  `json:"shadow,omitempty"` // only counted
}

// Secret is one text that is taken as a key.
type Secret struct {
	Created time.Time `json:"created"`
	Until   time.Time `json:"until,omitzero"` // when it is replaced; zero: it is the newest

	hash keyform.Hash
}

// Made is a key, and the text that callers present: it is shown this once.
type Made struct {
	Key  Key    `json:"key"`
	Text string `json:"text"`
}

// State is how it stands with a key.
type State string

// The values of State.
const (
	Active  State = "active"
	Expired State = "expired"
	Revoked State = "revoked"
)

// State returns how it stands with the key at a moment.
func (k *Key) State(now time.Time) State {
	switch {
	case !k.Revoked.IsZero():
		return Revoked
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return Expired
	}
	return Active
}

// nanos is a time as the database has it; 0: the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}
