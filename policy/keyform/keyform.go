// Package keyform is how the keys look that the control plane makes, and what is kept of them:
// hg_ID_SECRET, of which the id names a key, and a hash under the installation's pepper.
//
// The promise: what is kept of a key, with the pepper, finds no key: a secret is random and 160
// bits long. The trap: a key is hashed as it was sent, as a whole, so it has one form only.
package keyform

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"strings"
	"sync"
)

// Prefix begins every key.
const Prefix = "hg_"

// Lengths in characters, and of a pepper in bytes.
const (
	IDLength     = 16
	secretLength = 32
	PepperLength = 32
)

// Hash is what is kept of a key.
type Hash [sha256.Size]byte

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes the id of a key.
func NewID() string { return random(IDLength) }

// New makes a key with an id.
func New(id string) string { return Prefix + id + "_" + random(secretLength) }

// NewPepper makes the pepper of an installation.
func NewPepper() []byte {
	pepper := make([]byte, PepperLength)
	rand.Read(pepper) // never fails
	return pepper
}

// Installation names an installation by its pepper, which it does not give away.
func Installation(pepper []byte) []byte {
	sum := sha256.Sum256(append([]byte("installation "), pepper...))
	return sum[:16]
}

// random returns random letters, five bits each.
func random(length int) string {
	bits := make([]byte, letters.DecodedLen(length))
	rand.Read(bits)
	return letters.EncodeToString(bits)
}

// ID returns the id in a key; empty: it does not have the form of one.
func ID(key []byte) []byte {
	id, ok := bytes.CutPrefix(key, []byte(Prefix))
	if !ok || len(id) != IDLength+1+secretLength || id[IDLength] != '_' {
		return nil
	}
	return id[:IDLength]
}

// Mask returns a key as it may be shown: without its secret.
func Mask(id string) string { return Prefix + id + "_" + strings.Repeat("*", 4) }

// Hasher hashes keys under one pepper. It is safe for concurrent use.
type Hasher struct{ idle sync.Pool }

// NewHasher makes a Hasher.
func NewHasher(pepper []byte) *Hasher {
	return &Hasher{sync.Pool{New: func() any { return hmac.New(sha256.New, pepper) }}}
}

// Hash returns what is kept of a key.
func (h *Hasher) Hash(key []byte) (sum Hash) {
	mac := h.idle.Get().(hash.Hash)
	mac.Reset()
	mac.Write(key)
	mac.Sum(sum[:0])
	h.idle.Put(mac)
	return sum
}
