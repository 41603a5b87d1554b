package store

import (
	"slices"
	"time"
)

// Purge says which entries are forgotten: those of which all holds that is said, and that were
// stored before it. With nothing said they are all.
//
// When an entry was stored says the clock of the pair that stored it. So an entry that is named by
// anything but its id survives a purge if it was stored less before it than that clock is ahead of
// the one by which At is taken, and is forgotten if it was stored less after it than that clock is
// late. An id names one entry, which was there: time does not matter.
type Purge struct {
	ID     string
	At     time.Time
	IDs    []string // empty: any
	Caller string
	Team   string
	Model  string
	Prompt string
	Tag    string
}

// Named is what purges name an entry by. *cachepb.Entry is one.
type Named interface {
	GetId() string
	GetStored() int64 // in nanoseconds since 1970
	GetCaller() string
	GetTeam() string
	GetModel() string
	GetPrompt() string
	GetTags() []string
}

// Names reports whether the purge is of an entry.
func (p *Purge) Names(e Named) bool {
	if len(p.IDs) > 0 && !slices.Contains(p.IDs, e.GetId()) {
		return false
	}
	return (len(p.IDs) > 0 || e.GetStored() < p.At.UnixNano()) &&
		is(p.Caller, e.GetCaller()) && is(p.Team, e.GetTeam()) && is(p.Model, e.GetModel()) && is(p.Prompt, e.GetPrompt()) &&
		(p.Tag == "" || slices.Contains(e.GetTags(), p.Tag))
}

// is reports whether a purge that says want of something is of what has got.
func is(want, got string) bool { return want == "" || want == got }
