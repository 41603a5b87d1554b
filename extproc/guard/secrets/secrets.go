// Package secrets finds keys and tokens in a text: those of services whose keys have a form of their
// own, private keys, and passwords in addresses and assignments.
//
// The promise: one pass over the bytes, in time that grows with the length of the text alone, and
// the same findings in a text that comes in pieces. The trap: what stands before a value counts, but
// only 64 bytes of it; whoever scans a stream keeps as much of what it has released in front of what
// it scans, and asks for what begins after that.
package secrets

import "github.com/headgate/headgate/extproc/guard/content/onepass"

// New makes a Scanner of types, by their names; nil: those that are on by default. A name that is
// not one of Types is an error. A Score of 1 stands for a form that only such a key has, 0.8
// for a value that what stands before it makes a secret.
func New(names []string) (*onepass.Scanner, error) {
	return onepass.New("secrets", types[:], names, walk)
}
