package journal

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// estimated is the source of a usage that no provider reported.
const estimated = "estimated"

// Filter is which exchanges are wanted.
type Filter struct {
	Since, Until time.Time           // of when they began; zero: there is no bound
	Is           map[string][]string // what a field is one of; see Fields
	Statuses     [][2]int            // ranges, first and last, of which the status is in one; none: any
	Slower       time.Duration       // took at least so long
	Dearer       int64               // cost at least so much, in nano-USD
	Failed       bool                // somebody failed
	Estimated    bool                // no provider reported what the answer or an attempt consumed
	Unpriced     bool                // the price of the answer or of an attempt is not known

	looks int // at so many rows a page looks; 0: as indexed says
}

// fields are the names of fields that a Filter knows, and their columns.
var fields = map[string]string{
	"user": "username", "team": "team", "feature": "feature", "session": "session", "model": "model", "asked": "asked", "served": "served",
	"provider": "provider", "backend": "backend", "dialect": "dialect", "operation": "operation", "revision": "revision",
	"outcome": "outcome", "failed_by": "failed_by", "reason": "reason",
}

// Fields are the names of fields by which exchanges are found.
func Fields() []string { return slices.Sorted(maps.Keys(fields)) }

// How many rows of an index a page looks at.
const (
	window = 20_000
	few    = 2_000 // if each is looked up by its exchange
)

// indexed leaves what an index has in the order of pages, and returns at how many a page looks.
func (f *Filter) indexed(s *statement) int {
	switch {
	case f.Estimated:
		s.add(" AND usage_source = 'estimated'")
		return cmp.Or(f.looks, few)
	case f.Failed, len(f.Is["failed_by"]) > 0 && !slices.Contains(f.Is["failed_by"], ""):
		s.add(" AND failed_by <> ''")
	case len(f.Is["user"]) > 0:
		s.add(" AND ")
		oneOf(s, "username", f.Is["user"])
	}
	return cmp.Or(f.looks, window)
}

// exact reports whether an index has all that is wanted, and nothing else.
func (f *Filter) exact() bool {
	if len(f.Statuses) > 0 || f.Slower > 0 || f.Dearer > 0 || f.Estimated || f.Unpriced {
		return false
	}
	switch len(f.Is) {
	case 0:
		return true
	case 1:
		return !f.Failed && len(f.Is["user"]) == 1
	}
	return false
}

// where leaves what the filter wants, of what began at a moment or after.
func (f *Filter) where(s *statement, floor int64) {
	s.add(" AND day >= ? AND began >= ?", floor/hour/24, floor)
	if !f.Until.IsZero() {
		s.add(" AND day <= ? AND began < ?", f.Until.UnixNano()/hour/24, f.Until.UnixNano())
	}
	for _, name := range slices.Sorted(maps.Keys(f.Is)) {
		s.add(" AND ")
		oneOf(s, fields[name], f.Is[name])
	}
	for i, r := range f.Statuses {
		s.add([]string{" AND (", " OR "}[min(i, 1)]+"status BETWEEN ? AND ?", r[0], r[1])
	}
	if len(f.Statuses) > 0 {
		s.add(")")
	}
	if f.Slower > 0 {
		s.add(" AND duration >= ?", f.Slower.Nanoseconds())
	}
	if f.Failed {
		s.add(" AND failed_by <> ''")
	}
	f.whereOfAttempts(s, floor)
}

// Whether attempts of an exchange have rows of their own, as far as its own row shows, and those
// rows.
const (
	mayHave  = `tried LIKE '%"tokens":%'`
	attempts = "FROM journal a WHERE a.day = journal.day AND a.exchange = journal.exchange AND a.kind = 'attempt'"
)

// whereOfAttempts is where for what attempts have, too.
func (f *Filter) whereOfAttempts(s *statement, floor int64) {
	if f.Dearer > 0 {
		s.add(" AND (cost >= ? OR "+mayHave+" AND COALESCE(cost, 0) + (SELECT COALESCE(SUM(cost), 0) "+attempts+") >= ?)", f.Dearer, f.Dearer)
	}
	if f.Unpriced {
		s.add(" AND (unpriced = 1 OR " + mayHave + " AND EXISTS (SELECT 1 " + attempts + " AND a.unpriced = 1))")
	}
	if f.Estimated {
		s.add(" AND (day, exchange) IN (SELECT day, exchange FROM journal WHERE usage_source = 'estimated' AND day >= ? AND began >= ?)", floor/hour/24, floor)
	}
}

// since is the least moment; 0: there is no bound
func (f *Filter) since() int64 {
	if f.Since.IsZero() {
		return 0
	}
	return f.Since.UnixNano()
}
