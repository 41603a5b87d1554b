// Package index finds the entries whose questions are nearest to one, by the cosine of their
// vectors.
//
// The promise: it looks at every vector of a space, so that nothing nearer is missed, and at none
// of another space or of another embedder. Its memory is bounded. A search takes no lock while it
// looks, and a writer waits for none. The trap: what it finds may be gone from the store meanwhile.
package index

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unique"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// Found is an entry whose question is near.
type Found struct {
	Key    store.Key
	ID     string
	Cosine float64 // from -1 to 1
}

// Index knows the vectors of entries. It is safe for concurrent use.
type Index struct {
	now     func() time.Time
	metrics *metrics

	mu     sync.RWMutex // held for the time of a few hundred copied vectors at most, never for that of a search
	spaces map[place]*space
	items  map[store.Key]*item
	ring   ring
	bytes  int64
	max    int64
}

// place is what vectors have in common that may be compared.
type place struct {
	space    store.Space
	embedder string
	length   int
}

// item is what is known of a vector beside its numbers. It does not change but for what is guarded.
type item struct {
	key     store.Key
	id      string
	stored  int64 // in nanoseconds since 1970
	expires int64 // so, too
	labels  unique.Handle[labels]
	in      *space
	state   state

	chunk      *chunk // guarded by Index.mu, as are those below
	prev, next *item  // in the ring
}

// labels are what purges name. Many entries have the same, which are kept once.
type labels struct {
	caller, team, model, prompt string
	tags                        string // each with a 0 after it
}

// New makes an index of at most so many bytes, vectors and what belongs to them.
func New(maxBytes int64, now func() time.Time, reg prometheus.Registerer) *Index {
	x := &Index{now: now, spaces: map[place]*space{}, items: map[store.Key]*item{}, max: maxBytes}
	x.metrics = newMetrics(reg, x)
	return x
}

// SetMaxBytes changes how large the index may be.
func (x *Index) SetMaxBytes(n int64) {
	for fits := false; !fits; {
		x.mu.Lock()
		x.max = n
		fits = x.evict()
		x.mu.Unlock()
	}
}

// Bytes is how much memory the index takes, about.
func (x *Index) Bytes() int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.bytes
}

// Add adds the vector of an entry, in place of another one of its key. It adds none of an entry
// that has expired, that is stored earlier than the one that is there, that has no space, or whose
// vector has not length 1.
func (x *Index) Add(e *cachepb.Entry) {
	if len(e.Key) != len(store.Key{}) || len(e.Space) != len(store.Space{}) || !isUnit(e.Vector) || e.Expires <= x.now().UnixNano() {
		return
	}
	key, at := store.Key(e.Key), place{store.Space(e.Space), e.Embedder, len(e.Vector)}
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.items[key]; old != nil {
		if old.stored > e.Stored || old.id == e.Id && old.in.place == at {
			return
		}
		x.remove(old, replaced)
	}
	x.insert(&item{key: key, id: e.Id, stored: e.Stored, expires: e.Expires, labels: labelsOf(e)}, at, e.Vector)
	x.sweep()
	x.evict()
}

// isUnit reports whether a vector has length 1, as nearly as quantised ones have. None with a NaN
// has.
func isUnit(v []float32) bool {
	const near = 0.01
	square := float64(dot(v, v))
	return math.Abs(square-1) < near
}

func labelsOf(e *cachepb.Entry) unique.Handle[labels] {
	var tags strings.Builder
	for _, t := range e.Tags {
		tags.WriteString(t)
		tags.WriteByte(0)
	}
	return unique.Make(labels{e.Caller, e.Team, e.Model, e.Prompt, tags.String()})
}

func (x *Index) insert(one *item, at place, vector []float32) {
	s := x.spaces[at]
	if s == nil {
		s = newSpace(at)
		x.spaces[at] = s
		x.bytes += spaceBytes
	}
	one.in = s
	x.bytes += s.add(one, vector) + itemBytes
	x.items[one.key] = one
	x.ring.push(one)
}

// remove drops an item.
func (x *Index) remove(one *item, why cause) {
	one.state.gone.Store(true)
	delete(x.items, one.key)
	x.ring.remove(one)
	x.bytes += one.in.drop(one) - itemBytes
	if one.in.empty() {
		delete(x.spaces, one.in.place)
		x.bytes -= spaceBytes
	}
	x.metrics.dropped[why].Inc()
}

// evictions is how many vectors are dropped at most while others wait.
const evictions = 128

// evict drops what was used longest ago until the rest fits, and reports whether it does.
func (x *Index) evict() (fits bool) {
	for range evictions {
		one := x.ring.leastUsed()
		if x.bytes <= x.max || one == nil {
			return true
		}
		x.remove(one, overflow)
	}
	return x.bytes <= x.max
}

// sweeps is how many items each Add looks at: expired ones are gone when as many have been added
// as there are.
const sweeps = 2

func (x *Index) sweep() {
	now := x.now().UnixNano()
	for range min(sweeps, len(x.items)) {
		if one := x.ring.look(); one.expires <= now {
			x.remove(one, expired)
		}
	}
}

// Used notes that an entry was given: it is dropped later than others when there is no room.
func (x *Index) Used(key store.Key) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if one := x.items[key]; one != nil {
		one.state.used.Store(true)
	}
}

// Remove forgets the vector of an entry, if it is that of this id.
func (x *Index) Remove(key store.Key, id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if one := x.items[key]; one != nil && one.id == id {
		x.remove(one, removed)
	}
}

// Purge forgets the vectors of the entries that a purge names, and returns how many.
func (x *Index) Purge(p store.Purge) (vectors int) {
	for _, one := range x.named(&p) {
		x.mu.Lock()
		if !one.state.gone.Load() {
			x.remove(one, purged)
			vectors++
		}
		x.mu.Unlock()
	}
	return vectors
}

// named returns the items that a purge names, of those that are there when it begins.
func (x *Index) named(p *store.Purge) (all []*item) {
	x.mu.RLock()
	spaces := slices.AppendSeq(make([]*space, 0, len(x.spaces)), maps.Values(x.spaces))
	x.mu.RUnlock()
	for _, s := range spaces {
		v := s.view.Load()
		for i, c := range v.chunks {
			for _, one := range c.items[:v.taken(i)] {
				if !one.state.gone.Load() && p.Names(one) {
					all = append(all, one)
				}
			}
		}
	}
	return all
}

// GetId implements store.Named, as do those below.
func (i *item) GetId() string { return i.id }

// GetStored is when the entry was stored, in nanoseconds since 1970.
func (i *item) GetStored() int64 { return i.stored }

// GetCaller is whose request it answers.
func (i *item) GetCaller() string { return i.labels.Value().caller }

// GetTeam is the caller's.
func (i *item) GetTeam() string { return i.labels.Value().team }

// GetModel is the model that was asked.
func (i *item) GetModel() string { return i.labels.Value().model }

// GetPrompt is the prompt of the request.
func (i *item) GetPrompt() string { return i.labels.Value().prompt }

// GetTags are those of the request.
func (i *item) GetTags() []string {
	tags := i.labels.Value().tags
	if tags == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(tags, "\x00"), "\x00")
}
