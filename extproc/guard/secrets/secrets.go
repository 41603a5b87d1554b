// Package secrets finds keys and tokens in a text: those of services whose keys have a form of their
// own, private keys, and passwords in addresses and assignments.
//
// The promise: one pass over the bytes, in time that grows with the length of the text alone, and
// the same findings in a text that comes in pieces. The trap: what stands before a value counts, but
// only 64 bytes of it; whoever scans a stream keeps as much of what it has released in front of what
// it scans, and asks for what begins after that.
package secrets

import (
	"fmt"

	"github.com/headgate/headgate/extproc/guard/content"
)

// Scanner finds the types that it was made for. It is safe for concurrent use.
type Scanner struct{ on kinds }

var _ content.Resumer = (*Scanner)(nil)

// New makes a Scanner of types, by their names; nil: those that are on by default. A name that is
// not one of Types is an error.
func New(types []string) (*Scanner, error) {
	var on kinds
	for _, name := range types {
		k, ok := named(name)
		if !ok {
			return nil, fmt.Errorf("secrets: there is no type %q", name)
		}
		on |= 1 << k
	}
	if types == nil {
		on = usual()
	}
	return &Scanner{on}, nil
}

// Scan appends what is found in s to dst. A Score of 1 stands for a form that only such a key has,
// 0.8 for a value that what stands before it makes a secret.
func (sc *Scanner) Scan(dst []content.Finding, s []byte) []content.Finding {
	return sc.ScanFrom(dst, s, 0)
}

// ScanFrom is Scan of what begins at from or after it; what stands before is context.
func (sc *Scanner) ScanFrom(dst []content.Finding, s []byte, from int) []content.Finding {
	p := pass{s: s, on: sc.on, out: dst, begin: from, open: len(s)}
	p.run()
	return p.out
}

// Hold returns the first place that may begin a finding that depends on what comes after s.
func (sc *Scanner) Hold(s []byte) int { return sc.HoldFrom(s, 0) }

// HoldFrom is Hold of what begins at from or after it.
func (sc *Scanner) HoldFrom(s []byte, from int) int {
	p := pass{s: s, on: sc.on, begin: from, open: len(s), blind: true}
	p.run()
	return p.open
}
