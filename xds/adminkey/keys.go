package adminkey

import (
	"context"
	"crypto/subtle"
	"time"
)

// Keys are the admin keys of a control plane. It is safe for concurrent use.
type Keys struct {
	file *File // nil: there is none
	now  func() time.Time
}

// New returns the keys in a file; nil: there is none.
func New(file *File, now func() time.Time) *Keys { return &Keys{file: file, now: now} }

// Find returns the key that a secret is, or ErrUnknown. Another error says that it cannot be
// known now.
func (k *Keys) Find(ctx context.Context, secret string) (Key, error) {
	key, hash, err := k.stored(ctx, idOf(secret))
	same := subtle.ConstantTimeCompare([]byte(hashOf(secret)), []byte(hash)) == 1
	switch {
	case err != nil:
		return Key{}, err
	case !same || !key.good(k.now()):
		return Key{}, ErrUnknown
	}
	return key, nil
}

// Hint says where the file is to somebody who asks at a port; nil: there is none.
func (k *Keys) Hint(challenge, port string) *Hint { return k.file.Hint(challenge, port) }

// stored returns the key of an id with the hash of its secret; without one the hash is of none.
func (k *Keys) stored(_ context.Context, id string) (Key, string, error) {
	if id == Local {
		if secret := k.file.secret(); secret != "" {
			return Key{ID: Local, Role: Write}, hashOf(secret), nil
		}
	}
	return Key{}, none, nil
}

// none is no hash.
const none = "----------------------------------------------------------------"
