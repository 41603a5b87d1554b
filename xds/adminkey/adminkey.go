// Package adminkey knows the keys of the admin API: one that a control plane makes for itself, in
// a file of its state folder, and those that operators make, which are in the database as those
// of callers are (xds/key).
//
// The promise: an unknown key and a wrong one take the same way. The trap: the file's key works
// without the database, so that a policy that names a wrong one can be repaired; with the others
// a control plane that has never reached the database can do nothing.
package adminkey

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/key"
)

// Local is the id of the key in a control plane's own file.
const Local = "local"

// prefix begins every key of a file.
const prefix = "hga_" + Local + "_"

// ErrUnknown says that no key is the one that was shown: it never was, it was revoked, it has
// expired, or it is a caller's.
var ErrUnknown = errors.New("the admin key is unknown, was revoked or has expired")

// Directory finds the keys of the database, as key.Directory.
type Directory interface {
	// Find returns the key that a text is; nil: none.
	Find(text string) *key.Key
	// Known reports whether the database was reached, now or before.
	Known() bool
}

// Keys are the keys that one control plane takes. It is safe for concurrent use.
type Keys struct {
	file    *File // nil: there is none
	managed Directory
}

// New returns the key in a file, and those of a directory; nil: there is no file.
func New(file *File, managed Directory) *Keys { return &Keys{file, managed} }

// Find returns the key that a text is, or ErrUnknown. Another error says that it cannot be known
// now.
func (k *Keys) Find(text string) (*key.Key, error) {
	local, managed := k.isLocal(text), k.managed.Find(text)
	switch {
	case local:
		return &key.Key{ID: Local, Role: key.Write}, nil
	case managed != nil && managed.Role != key.Caller:
		return managed, nil
	case managed == nil && keyform.ID([]byte(text)) != nil && !k.managed.Known():
		return nil, errUnknowable{}
	}
	return nil, ErrUnknown
}

// isLocal reports whether a text is the key in the file.
func (k *Keys) isLocal(text string) bool {
	secret := k.file.secret()
	there := secret != ""
	if !there {
		secret = prefix + random() // which nobody has
	}
	shown, own := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(shown[:], own[:]) == 1 && there
}

// Hint says where the file is to somebody who asks at a port; nil: there is none.
func (k *Keys) Hint(challenge, port string) *Hint { return k.file.Hint(challenge, port) }

func random() string { return strings.ToLower(rand.Text()) }

// errUnknowable says that the database's keys were never read.
type errUnknowable struct{}

func (errUnknowable) Error() string {
	return "the keys of the database were not read yet, so this one cannot be checked; the one in " + FileName + " of the state folder works without it"
}

// Unavailable says what is away.
func (e errUnknowable) Unavailable() string { return e.Error() }
