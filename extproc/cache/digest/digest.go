// Package digest hashes what a request asks, so that equal requests are known by equal hashes,
// in whatever dialect and spelling they came.
//
// The promise: two requests have one hash only if no answer to one could be wrong for the other.
// What only says who asks, how it is paid or how the answer comes is left out, and so is the bound
// of the answer's length: who takes an answer must see that it fits. The trap: what a reader does
// not know may change the answer, so it is part of the hash, with the name of its dialect.
package digest

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Hash is a SHA-256.
type Hash = [sha256.Size]byte

// Digest is what a request asks.
type Digest struct {
	All  Hash // of all of it
	Rest Hash // of all but the question
	// Question is the text of the user's last turn, if that is the end of the conversation and
	// text alone; empty: there is none that can be worded otherwise.
	Question string
}

// Of hashes a request below a prefix, which says whose it is.
func Of(prefix []byte, r *canon.Request, choices int) Digest {
	w := writer{h: sha256.New(), dialect: r.Dialect}
	w.bytes(prefix)
	w.number(int64(max(choices, 1)))
	w.settings(r)
	w.tools(r)
	from := questionFrom(r.Messages)
	w.messages(r.Messages[:from])
	rest := w.sum()
	d := Digest{Rest: rest, Question: question(r.Messages[from:])}
	w.h.Reset()
	w.bytes(rest[:])
	w.messages(r.Messages[from:])
	d.All = w.sum()
	return d
}

// writer writes values to a hash so that no two sequences of them look alike. Its buffer serves
// again.
type writer struct {
	h       hash.Hash
	dialect string
	buf     []byte
}

func (w *writer) sum() (out Hash) {
	w.h.Sum(out[:0])
	return out
}

func (w *writer) number(n int64) {
	w.h.Write(binary.LittleEndian.AppendUint64(w.buf[:0], uint64(n)))
}

// bytes writes bytes after their length.
func (w *writer) bytes(b []byte) {
	w.number(int64(len(b)))
	w.h.Write(b)
}

func (w *writer) text(s string) {
	w.number(int64(len(s)))
	w.buf = append(w.buf[:0], s...)
	w.h.Write(w.buf)
}

func (w *writer) flag(on bool) {
	n := int64(0)
	if on {
		n = 1
	}
	w.number(n)
}

// value writes a JSON value in its canonical form; an absent one, too.
func (w *writer) value(v scan.Value) {
	const length = 8
	w.buf = appendCanonical(append(w.buf[:0], make([]byte, length)...), v)
	binary.LittleEndian.PutUint64(w.buf, uint64(len(w.buf)-length))
	w.h.Write(w.buf)
}

// escaped writes text that is escaped as the inside of a JSON string.
func (w *writer) escaped(b []byte) { w.bytes(scan.Unescape(b)) }
