package detector

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
)

// key is the SHA-256 of what an answer depends on. The text itself is not kept.
type key [sha256.Size]byte

// keyOf is the key of a text that one detector is asked about. Each part is preceded by its
// length, so that no two lists of parts are hashed alike.
func keyOf(id string, context []string, plain []byte) (k key) {
	h := sha256.New()
	var n []byte
	for _, part := range append([]string{id}, context...) {
		n = binary.AppendUvarint(n[:0], uint64(len(part)))
		h.Write(n) // a hash does not fail
		h.Write([]byte(part))
	}
	h.Write(plain)
	h.Sum(k[:0])
	return k
}

// flightKey names a call. Equal calls that are under way at the same time are one, unless nothing
// is to be remembered.
func (d *Detector) flightKey(batch []*entry) string {
	if d.o.Remember == 0 {
		return strconv.FormatUint(d.shared.calls.Add(1), 10)
	}
	h := sha256.New()
	for _, e := range batch {
		h.Write(e.key[:])
	}
	return string(h.Sum(nil))
}

// memory keeps answers for as long as each is to stand, up to a number of bytes. It is safe for
// concurrent use.
type memory struct{ m *otter.Cache[key, remembered] }

type remembered struct {
	answer *Answer
	stands time.Duration
}

func newMemory(maxBytes uint64) memory {
	return memory{otter.Must(&otter.Options[key, remembered]{
		MaximumWeight:    maxBytes,
		Weigher:          weight,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[key, remembered]) time.Duration { return e.Value.stands }),
	})}
}

func (m memory) get(k key) *Answer {
	r, _ := m.m.GetIfPresent(k)
	return r.answer
}

func (m memory) set(k key, a *Answer, stands time.Duration) { m.m.Set(k, remembered{a, stands}) }

// close ends what cleans the memory up.
func (m memory) close() { m.m.StopAllGoroutines() }

const (
	entryBytes   = 320 // of a key, an answer, and what the map and its order need
	findingBytes = 56
	stringBytes  = 16
)

// weight is about how many bytes an answer takes in memory.
func weight(_ key, r remembered) uint32 {
	n := entryBytes + len(r.answer.Message)
	for _, t := range r.answer.Types {
		n += stringBytes + len(t)
	}
	for _, f := range r.answer.Findings {
		n += findingBytes + len(f.Type)
	}
	return uint32(n) // an answer is bounded far below 4 GiB
}
