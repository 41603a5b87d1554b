// Package journal is the control plane's record of what was asked, who answered, how it ended
// and what it cost: one row for each exchange and for each attempt that cost something beside
// it, and rollups of them by the hour.
//
// The promise: a row that Write has taken is there for good, once, however often its pair sends
// it, and the rollups are the sum of the rows: both change in one transaction. The trap: a row
// belongs to the day and the hour in which its exchange began, which its id tells, and not to
// those in which it arrived.
package journal
