package store

import (
	"slices"
	"sync"
	"time"
)

const (
	// purgeKept is how long a purge is remembered: the longest time for which a policy lets an
	// entry be kept.
	purgeKept = 30 * 24 * time.Hour
	// maxPurges is how many are remembered one by one. Beyond them all that was stored before the
	// oldest counts as purged: too much is forgotten, never too little.
	maxPurges = 100_000
)

// purges remembers what was purged, so that an entry that is read later, from wherever, is held
// to it. It is safe for concurrent use.
type purges struct {
	mu    sync.RWMutex
	known map[string]*Purge   // by ID
	ids   map[string][]*Purge // those that name entries by id, by that
	rules []*Purge            // the others, the latest first
	floor int64               // what was stored before is purged, in nanoseconds since 1970
}

func newPurges() *purges { return &purges{known: map[string]*Purge{}, ids: map[string][]*Purge{}} }

// add remembers a purge, and reports whether it was not known.
func (p *purges) add(one *Purge) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[one.ID] != nil {
		return false
	}
	p.known[one.ID] = one
	for _, id := range one.IDs {
		p.ids[id] = append(p.ids[id], one)
	}
	if len(one.IDs) == 0 {
		at, _ := slices.BinarySearchFunc(p.rules, one, later)
		p.rules = slices.Insert(p.rules, at, one)
	}
	if len(p.known) > maxPurges {
		p.coarsen()
	}
	return true
}

func later(a, b *Purge) int { return b.At.Compare(a.At) }

// coarsen forgets the older half of the purges, and takes all for purged that was stored before
// the last of them.
func (p *purges) coarsen() {
	all := p.list()
	slices.SortFunc(all, later)
	last := all[len(all)/2]
	p.floor = max(p.floor, last.At.UnixNano())
	p.drop(last.At.Add(1))
}

func (p *purges) list() []*Purge {
	all := make([]*Purge, 0, len(p.known))
	for _, one := range p.known {
		all = append(all, one)
	}
	return all
}

// all returns the purges that are remembered.
func (p *purges) all() []*Purge {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.list()
}

func (p *purges) len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.known)
}

// forget forgets the purges that no entry can be older than.
func (p *purges) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(now.Add(-purgeKept))
}

// drop forgets the purges before a moment.
func (p *purges) drop(before time.Time) {
	old := func(one *Purge) bool { return one.At.Before(before) }
	for id, one := range p.known {
		if old(one) {
			delete(p.known, id)
		}
	}
	for id, all := range p.ids {
		if all = slices.DeleteFunc(all, old); len(all) == 0 {
			delete(p.ids, id)
		} else {
			p.ids[id] = all
		}
	}
	p.rules = slices.DeleteFunc(p.rules, old)
}

// name reports whether an entry is purged.
func (p *purges) name(e Named) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if e.GetStored() < p.floor {
		return true
	}
	for _, one := range p.ids[e.GetId()] {
		if one.Names(e) {
			return true
		}
	}
	for _, one := range p.rules {
		if one.At.UnixNano() <= e.GetStored() {
			return false
		}
		if one.Names(e) {
			return true
		}
	}
	return false
}
