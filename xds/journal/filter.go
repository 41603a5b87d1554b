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
	Estimated    bool                // no provider reported what the answer or an attempt consumed, as its row says
	Unpriced     bool                // the price of the answer or of an attempt is not known

	looks int // at so many rows a page looks; 0: as indexed says
}

// fields are the names of fields that a Filter knows, and their columns.
var fields = map[string]string{
	"caller": "caller", "tier": "tier", "user": "username", "team": "team", "feature": "feature", "session": "session", "parent": "parent", "model": "model", "asked": "asked", "served": "served",
	"provider": "provider", "backend": "backend", "dialect": "dialect", "operation": "operation", "revision": "revision",
	"outcome": "outcome", "failed_by": "failed_by", "reason": "reason", "finish": "finish", "guard": "guarded", "cache": "cached", "entry": "entry", "price": "price",
	"path": "path", "request_id": "request_ids", "trace_id": "traceparent", "user_agent": "user_agent", "client_address": "client_address", "limited_by": "limited_by",
}

// Fields are the names of fields by which exchanges are found.
func Fields() []string { return slices.Sorted(maps.Keys(fields)) }

// How many rows of an index a page looks at: where they lie beside each other as they do in the
// order of pages, and where each is somewhere else.
const (
	near = 10_000
	far  = 2_000
)

// indexed leaves what an index has in the order of pages. It returns at how many rows a page looks.
func (f *Filter) indexed(s *statement) int {
	switch {
	case f.Estimated:
		s.add(" AND guessed = 1")
	case f.failures():
		s.add(" AND failed_by <> ''")
	case len(f.Is["user"]) > 0:
		s.add(" AND ")
		oneOf(s, "username", f.Is["user"])
	default:
		return cmp.Or(f.looks, near)
	}
	return cmp.Or(f.looks, far)
}

// failures reports whether somebody failed in each exchange that is wanted.
func (f *Filter) failures() bool {
	return f.Failed || len(f.Is["failed_by"]) > 0 && !slices.Contains(f.Is["failed_by"], "")
}

// exact reports whether an index has all that is wanted, and nothing else.
func (f *Filter) exact() bool {
	if len(f.Statuses) > 0 || f.Slower > 0 || f.Dearer > 0 || f.Unpriced {
		return false
	}
	switch len(f.Is) {
	case 0:
		return !f.Failed || !f.Estimated
	case 1:
		return !f.Failed && !f.Estimated && len(f.Is["user"]) == 1
	}
	return false
}

// where leaves what the filter wants, of what began from one moment up to another.
func (f *Filter) where(s *statement, from, to int64) {
	s.add(" AND day >= ? AND began >= ?", from/daily, from)
	if !f.Until.IsZero() {
		s.add(" AND day <= ? AND began < ?", f.Until.UnixNano()/daily, f.Until.UnixNano())
	}
	for _, name := range slices.Sorted(maps.Keys(f.Is)) {
		s.add(" AND ")
		switch name {
		case "guard":
			inCommas(s, "guarded", f.Is[name])
		case "request_id":
			inCommas(s, "request_ids", f.Is[name])
		case "trace_id":
			tracedBy(s, f.Is[name])
		case "entry":
			ofEntries(s, f.Is[name])
		default:
			oneOf(s, fields[name], f.Is[name])
		}
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
	if f.Estimated {
		s.add(" AND guessed = 1")
	}
	if f.failures() { // in words that its index has
		s.add(" AND failed_by <> ''")
	}
	if f.Dearer > 0 {
		s.add(" AND (cost >= ? OR "+mayHave+" AND COALESCE(cost, 0) + (SELECT COALESCE(SUM(cost), 0) "+attempts+") >= ?)", f.Dearer, from/daily, to/daily, f.Dearer)
	}
	if f.Unpriced {
		s.add(" AND (unpriced = 1 OR "+mayHave+" AND EXISTS (SELECT 1 "+attempts+" AND a.unpriced = 1))", from/daily, to/daily)
	}
}

// Whether attempts of an exchange have rows of their own, as far as its own row shows, and those
// rows, of some days.
const (
	mayHave  = `tried LIKE '%"tokens":%'`
	attempts = "FROM journal a WHERE a.day BETWEEN ? AND ? AND a.day = journal.day AND a.exchange = journal.exchange AND a.kind = 'attempt'"
)

// since is the least moment; 0: there is no bound
func (f *Filter) since() int64 {
	if f.Since.IsZero() {
		return 0
	}
	return f.Since.UnixNano()
}
