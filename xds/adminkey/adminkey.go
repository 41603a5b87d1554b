// Package adminkey has the keys of the admin API: one that a control plane makes for itself, in
// a file of its state folder, and those that operators make, in the database.
//
// The promise: of a key that was made only its SHA-256 is kept, an unknown key and a wrong one
// take the same way, and a key that was revoked is refused by all control planes from the next
// request on. The trap: the file's key works without the database, so that a database that is
// away can be repaired; the others work then at a control plane only that has seen them before.
package adminkey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Role is what a key may do.
type Role string

// The values of Role.
const (
	Read  Role = "read"  // see everything
	Write Role = "write" // change everything, too
)

// Local is the id of the key in a control plane's own file.
const Local = "local"

// ErrUnknown says that no key is the one that was shown: it never was, it was revoked, or it has
// expired.
var ErrUnknown = errors.New("the admin key is unknown, was revoked or has expired")

// Key is what is known of an admin key.
type Key struct {
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"` // whose it is; empty: of nobody in particular
	Role    Role      `json:"role"`
	Author  string    `json:"author,omitempty"` // who made it
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// good reports whether a key may be used at a time.
func (k *Key) good(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// prefix is what every secret begins with. Its id comes next, and what is random.
const prefix = "hga_"

// newSecret makes a secret of 130 random bits.
func newSecret(id string) string { return prefix + id + "_" + random() }

func random() string { return strings.ToLower(rand.Text()) }

// idOf is the id that a secret names; empty: it is none.
func idOf(secret string) string {
	rest, ok := strings.CutPrefix(secret, prefix)
	id, _, found := strings.Cut(rest, "_")
	if !ok || !found {
		return ""
	}
	return id
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
