// Package circuit knows which backends are to be left alone for a while, because a limit
// of theirs is reached.
//
// The promise: a circuit opens for the time that the backend names, half-opens for one
// probe at a time, and closes with the first answer that is no limit. The trap: an attempt
// that began before the circuit opened says nothing about the time since, so observations
// say when their attempt began.
package circuit

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxOpen bounds a time that a backend names with a refusal: limits of a day exist, and
	// one attempt in so long finds out that one was raised.
	MaxOpen = 5 * time.Minute
	// MaxUsedUp bounds a time that it names without one: of a bucket that fills all the
	// time, providers name when it is full again.
	MaxUsedUp = time.Minute
	// MinAgain is how long a circuit opens at least after a probe that failed: what was named
	// before was too short.
	MinAgain = time.Second
	// Unnamed is how many limits in a row open a circuit if none of them names a time: a single
	// one may be a hiccup.
	Unnamed = 3
	// MaxUnnamed is up to how long the time grows that was not named, twice as long with every
	// probe that fails.
	MaxUnnamed = time.Minute
)

// Reason is why a circuit opens. It is a closed set, also a metric label.
type Reason string

// The reasons.
const (
	None       Reason = ""           // an answer that is no limit
	Limited    Reason = "limited"    // 429, or such an error
	Overloaded Reason = "overloaded" // 529, or such an error
	UsedUp     Reason = "used_up"    // an answer that says that nothing is left of a limit
)

// Observation is what one answer said, wherever it was observed.
type Observation struct {
	Began  time.Time // the attempt
	At     time.Time
	Reason Reason
	Wait   time.Duration // that the backend names; 0: none
	Else   time.Duration // how long the circuit opens at first if none is named
}

// Circuit is what is known of one backend. It is safe for concurrent use.
type Circuit struct {
	key     Key
	account string // of the key
	changed func(Change)
	asked   bool         // it is of a name that a client asked for; guarded by the store
	until   atomic.Int64 // when it half-opens, in Unix nanoseconds; 0: it is closed
	unnamed atomic.Int32 // limits in a row that named no time, while it was closed
	forgot  atomic.Int64 // an attempt that began before says nothing any more, in Unix nanoseconds; 0: all do

	mu     sync.Mutex
	opened time.Time
	reason Reason    // of the opening
	named  bool      // the backend named the time
	row    int       // openings in a row for which no time was named
	probes uint64    // that were begun
	probe  uint64    // the number of the one under way; 0: none
	learnt bool      // another pair has found it out, and nothing here has
	closed time.Time // when an answer here closed it last
}

// Closed reports whether nothing is known against the backend.
func (c *Circuit) Closed() bool { return c.until.Load() == 0 }

// Open reports whether the backend is to be left alone.
func (c *Circuit) Open(now time.Time) bool { return now.UnixNano() < c.until.Load() }

// Left is how long the backend is still to be left alone; 0 or less: no longer.
func (c *Circuit) Left(now time.Time) time.Duration {
	if c.Closed() {
		return 0
	}
	return time.Duration(c.until.Load() - now.UnixNano())
}

// Named is how long the backend still wants to be left alone, if it has said so.
func (c *Circuit) Named(now time.Time) (left time.Duration, said bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Left(now), c.named && !c.Closed()
}

// Enter reports whether a request may go to the backend. If it may as the probe of a
// half-open circuit, the probe has a number, and ends with what is observed of it or Leave.
func (c *Circuit) Enter(now time.Time) (probe uint64, ok bool) {
	if c.Closed() {
		return 0, true
	}
	if c.Open(now) {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.Closed():
		return 0, true
	case c.Open(now), c.probe != 0:
		return 0, false
	}
	c.probes++
	c.probe = c.probes
	return c.probe, true
}

// Leave ends a probe of which nothing was observed: another request may be one.
func (c *Circuit) Leave(probe uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probe == probe {
		c.probe = 0
	}
}

// Observe takes in what an answer said.
func (c *Circuit) Observe(o Observation) {
	if before := c.forgot.Load(); before != 0 && o.Began.UnixNano() < before || c.Closed() && !c.opens(o) {
		return
	}
	c.mu.Lock()
	change := c.observe(o)
	c.mu.Unlock()
	if change.Open || change.Closed {
		c.changed(change)
	}
}

// opens reports whether what an answer said opens a closed circuit.
func (c *Circuit) opens(o Observation) bool {
	switch {
	case o.Reason == None && c.unnamed.Load() > 0:
		c.unnamed.Store(0)
		return false
	case o.Reason == None:
		return false
	}
	return o.Wait > 0 || c.unnamed.Add(1) >= Unnamed
}

func (c *Circuit) observe(o Observation) Change {
	since := !o.Began.Before(c.opened)
	change := Change{Key: c.key, Reason: o.Reason}
	c.learnt = c.learnt && o.Reason == None
	switch {
	case o.Reason == None && (c.Closed() || !since):
	case o.Reason == None:
		c.until.Store(0)
		c.unnamed.Store(0)
		c.row, c.probe, c.closed, c.learnt = 0, 0, o.At, false
		change.Closed = true
	case c.Open(o.At):
		c.extend(o, since)
	default:
		change.Wait, change.Open = c.wait(o), true
		c.opened, c.reason, c.probe = o.At, o.Reason, 0
		c.until.Store(o.At.Add(change.Wait).UnixNano())
	}
	return change
}

// extend takes in that the limit is reached still. What was asked before the circuit opened
// cannot shorten it.
func (c *Circuit) extend(o Observation, since bool) {
	if o.Wait <= 0 {
		return
	}
	until := o.At.Add(bounded(o)).UnixNano()
	if since || until > c.until.Load() {
		c.until.Store(until)
		c.named = true
	}
}

// wait is how long the circuit opens.
func (c *Circuit) wait(o Observation) time.Duration {
	again := !c.Closed()
	if o.Reason == UsedUp {
		c.row, again = 0, false // it has answered
	}
	switch c.named = o.Wait > 0; {
	case c.named && again:
		return max(bounded(o), MinAgain)
	case c.named:
		return bounded(o)
	}
	c.row++
	return max(o.Else, min(o.Else<<min(c.row-1, 10), MaxUnnamed))
}

func bounded(o Observation) time.Duration {
	if o.Reason == UsedUp {
		return min(o.Wait, MaxUsedUp)
	}
	return min(o.Wait, MaxOpen)
}
