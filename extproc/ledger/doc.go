// Package ledger keeps live balances: how much of each limit is used, now. What was used is
// in the journal; the ledger only decides whether more may be.
//
// The promise: a claim is granted on all of its limits in one step, or on none. Whatever the
// order in which claims are settled and expire, a budget ends as if only what was settled had
// ever been taken, and a rate never allows more than if it had. The trap: a process may die
// between a claim and its settlement. So a claim has an id and a time to live, after which what it took is given back;
// a settlement that comes later takes the whole amount again.
//
// What a rate has drained of a claim is not given back a second time: the units of a claim
// drain after those that were there before, and only those that are left go back.
//
// Rates are leaky buckets in whole numbers (GCRA with a burst of one period): Max units drain
// per Period, evenly. A level is held in unit-microseconds, units times the microseconds of the
// period, so that no rounding adds up and the same arithmetic is exact in the doubles of Redis'
// Lua: Max times Period must stay below 2^53, which is 150 million units per minute.
package ledger
