package self

import "time"

// bound is how much money own calls may take in a day, and have taken in this one. The client's
// lock guards it.
type bound struct {
	perDay int64 // nano-USD
	zone   *time.Location
	day    string // for which used counts
	used   int64
}

// open reports whether another call may begin.
func (b *bound) open(now time.Time) bool {
	b.turn(now)
	return b.used < b.perDay
}

// take counts an amount.
func (b *bound) take(now time.Time, nano int64) {
	b.turn(now)
	b.used += nano
}

// turn begins a new day.
func (b *bound) turn(now time.Time) {
	if day := now.In(b.zone).Format(time.DateOnly); day != b.day {
		b.day, b.used = day, 0
	}
}
