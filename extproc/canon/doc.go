// Package canon is the form in the middle: what a request, an answer, a stream,
// a usage and a fault mean, whatever dialect they were written in. Each dialect
// translates to it and from it, so that a further one is one folder and not one
// folder for each pair.
//
// The promise: nothing is decoded that nobody asks for. A string stays the
// escaped JSON text that the sender wrote, quotes included, and is copied as
// such; what a dialect does not know is carried as raw JSON and goes back out to
// the same dialect only.
//
// The trap: everything here aliases the bytes that it was read from, which must
// stay as they are for as long as the value is used. A stream's events hold only
// until the next event is read.
package canon
