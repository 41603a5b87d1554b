// Package stateid binds the ids of what providers keep for their clients, such as a stored
// response, to the backend that keeps it and to the client that it belongs to. An id gets
// a suffix, which is all that is known of it: there is no map, so it outlives restarts,
// and every pair that has the key reads it.
//
// The promise: an id that verifies is one that was given to this owner, of this model and
// this backend, by somebody who has the key. The trap: Split, Strip and the tags prove
// nothing. They say where to look for a key; only Verify says whether an id is good.
package stateid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"iter"
)

// What a suffix is made of, in bytes. A forged one is taken once in 2^80 trials, each of
// which is a request.
const (
	tagSize = 4
	macSize = 10
	rawSize = 2*tagSize + macSize
)

// mark begins a suffix. What follows is 24 characters of base64url.
const mark = "_hg"

// SuffixLen is how much longer an id becomes, in bytes.
const SuffixLen = len(mark) + rawSize/3*4

var encoding = base64.RawURLEncoding

// Tag stands for the name of a backend or a model in an id. Of two names it is the same once
// in 2^32 times, which Verify notices.
type Tag [tagSize]byte

// TagOf returns the tag of a name.
func TagOf(name string) (t Tag) {
	sum := sha256.Sum256([]byte("headgate tag\x00" + name))
	copy(t[:], sum[:])
	return t
}

// ID is an id that has a suffix, taken apart. It aliases the text that it was read from.
type ID struct {
	Provider       []byte // as its provider knows it
	Backend, Model Tag
	mac            [macSize]byte
}

// Split takes an id apart. It returns false for one without a suffix, and for one whose suffix
// is damaged.
func Split(id []byte) (ID, bool) {
	at := len(id) - SuffixLen
	if at <= 0 || string(id[at:at+len(mark)]) != mark {
		return ID{}, false
	}
	var raw [rawSize]byte
	if n, err := encoding.Decode(raw[:], id[at+len(mark):]); err != nil || n != rawSize {
		return ID{}, false
	}
	out := ID{Provider: id[:at:at]}
	copy(out.Backend[:], raw[:])
	copy(out.Model[:], raw[tagSize:])
	copy(out.mac[:], raw[2*tagSize:])
	return out, true
}

// Strip returns an id as its provider knows it, whoever has made its suffix.
func Strip(id []byte) []byte {
	if whole, ok := Split(id); ok {
		return whole.Provider
	}
	return id
}

// Bound is what an id is bound to. The names are of the policy.
type Bound struct {
	Backend, Model string
	Owner          string // whom it belongs to, in words of the caller's own
}

// Key makes suffixes. It does not print: it is a secret.
type Key struct{ secret *[sha256.Size]byte }

// KeyOf derives a key from a secret, which cannot be found from it (RFC 5869, HKDF-Extract with
// a fixed salt).
func KeyOf(secret string) Key {
	h := hmac.New(sha256.New, []byte("headgate ids of state, version 1"))
	h.Write([]byte(secret))
	return Key{(*[sha256.Size]byte)(h.Sum(nil))}
}

// Append appends an id with its suffix to dst. The id is not empty.
func (k Key) Append(dst, id []byte, b Bound) []byte {
	var raw [rawSize]byte
	backend, model, mac := TagOf(b.Backend), TagOf(b.Model), k.mac(id, b)
	copy(raw[:], backend[:])
	copy(raw[tagSize:], model[:])
	copy(raw[2*tagSize:], mac[:])
	dst = append(append(dst, id...), mark...)
	return encoding.AppendEncode(dst, raw[:])
}

// Verify reports whether an id was made with the key for what it is bound to. The time that it
// takes says nothing of the suffix.
func (k Key) Verify(id ID, b Bound) bool {
	mac := k.mac(id.Provider, b)
	return hmac.Equal(mac[:], id.mac[:]) && id.Backend == TagOf(b.Backend) && id.Model == TagOf(b.Model)
}

// mac authenticates an id and what it is bound to. Each text comes after its length, so that
// no two lists of texts read the same.
func (k Key) mac(id []byte, b Bound) (mac [macSize]byte) {
	h := hmac.New(sha256.New, k.secret[:])
	for _, text := range [][]byte{[]byte(b.Backend), []byte(b.Model), []byte(b.Owner), id} {
		h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		h.Write(text)
	}
	copy(mac[:], h.Sum(nil))
	return mac
}

// Names are names of backends or models by their tags.
type Names map[Tag][]string

// NamesOf sorts names by their tags.
func NamesOf(all iter.Seq[string]) Names {
	n := make(Names)
	for name := range all {
		tag := TagOf(name)
		n[tag] = append(n[tag], name)
	}
	return n
}
