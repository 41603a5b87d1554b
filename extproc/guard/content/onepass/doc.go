// Package onepass finds what has a form of its own in a text, such as numbers with check digits and
// keys with prefixes, on one way through it from left to right.
//
// The promise: a finding is decided by its own bytes, by what stands closely before it and by what
// was read through Search.At after it, so that a text in pieces has the findings of the whole. The
// trap: what looks beyond the end of a candidate must read through At, or that goes wrong.
package onepass
