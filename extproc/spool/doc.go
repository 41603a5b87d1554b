// Package spool keeps what must not be lost until the control plane has it: a record of each
// attempt before its request leaves, and the row of each exchange at its end.
//
// The promise: a record that Append has taken survives the death of the process, and what the
// policy says of a power cut; what is shipped twice has one key. The trap: nothing may wait for
// a disk on the way of a request. So records are written into files that are mapped into memory
// and have had their space reserved before: the kernel has them at once, and a full disk is met
// where a file is made, never where a record is written.
//
// Each process has a generation of files, which is its own as long as it lives. What
// generations have left whose processes have ended is shipped by a later one, and each exchange
// that was opened there and never closed becomes a row that says so.
package spool
