package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
)

// hasher makes the hash of what a guard found, by which equal findings are known without their
// text. The key is the process' own: nobody can look up a text by its hash.
type hasher struct{ mac hash.Hash }

// hashBytes is how much of a hash a record keeps.
const hashBytes = 8

func (h *hasher) add(key, text []byte) {
	if h.mac == nil {
		h.mac = hmac.New(sha256.New, key)
	}
	h.mac.Write(text)
	h.mac.Write([]byte{0})
}

// sum returns the hash; nil: nothing was found.
func (h *hasher) sum() []byte {
	if h.mac == nil {
		return nil
	}
	return h.mac.Sum(nil)[:hashBytes]
}
