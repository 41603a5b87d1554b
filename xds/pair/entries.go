package pair

import (
	"context"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/purge"
)

// entriesSince is the version that knows purges of entries in the cache.
const entriesSince = 3

// Purge has every pair that is linked here forget entries of the cache, and returns what waits
// until they have. It does not wait itself.
func (f *fleet) Purge(p purge.Purge) (wait func(context.Context) Forgotten) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries = append(f.entries, p)
	return f.order(entriesSince, entriesOf(p)).wait
}

// Active takes in which purges of entries are active. Pairs that are linked are sent those that are
// new, and pairs that come all of them.
func (f *fleet) Active(all []purge.Purge) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := make(map[string]bool, len(f.entries))
	for i := range f.entries {
		before[f.entries[i].ID] = true
	}
	f.entries = slices.Clone(all)
	for _, p := range all {
		if !before[p.ID] {
			f.ask(entriesSince, asked{purge: entriesOf(p)})
		}
	}
}

// sent are the purges that a pair is sent which comes. The caller holds the mutex.
func (f *fleet) sent(m *member) (all []asked) {
	if m.version < entriesSince {
		return nil
	}
	for _, p := range f.entries {
		if f.now().Before(p.Until()) {
			all = append(all, asked{purge: entriesOf(p)})
		}
	}
	return all
}

// entriesOf is a purge as pairs are sent it.
func entriesOf(p purge.Purge) func(time.Time) *pairpb.Purge {
	return func(now time.Time) *pairpb.Purge {
		return &pairpb.Purge{What: &pairpb.Purge_Entries{Entries: p.Wire(now)}}
	}
}
