// Package pii finds personal data of a fixed form in a text: numbers of cards, accounts and
// persons, addresses of mail and networks, telephone numbers.
//
// The promise: one pass over the bytes, in time that grows with the length of the text alone, and
// the same findings in a text that comes in pieces. The trap: the words before a number count, but
// only those of the 64 bytes before it; whoever scans a stream keeps as much of what it has
// released in front of what it scans, and asks for what begins after that.
package pii

import "github.com/headgate/headgate/extproc/guard/content/onepass"

// New makes a Scanner of types, by their names; nil: those that are on by default. A name that is
// not one of Types is an error. A Score of 1 stands for a right check digit, 0.8 for a
// strict form or a form with a word for it near, 0.6 for a form alone.
func New(names []string) (*onepass.Scanner, error) {
	return onepass.New("pii", types[:], names, walk)
}
