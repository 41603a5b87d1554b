package store

import (
	"time"
	"unsafe"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/cachepb"
	"github.com/headgate/headgate/policy/policypb"
)

// memory keeps entries until they expire, up to a number of bytes. Those that are asked for least
// are dropped first. It is safe for concurrent use.
type memory struct {
	cache *otter.Cache[Key, *cachepb.Entry]
	now   func() time.Time
}

func newMemory(maxBytes int64, now func() time.Time, m *metrics) *memory {
	return &memory{now: now, cache: otter.Must(&otter.Options[Key, *cachepb.Entry]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ Key, e *cachepb.Entry) uint32 { return uint32(weight(e)) }, // an answer has 16 MiB at most
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, *cachepb.Entry]) time.Duration {
			return time.Duration(e.Value.Expires - now().UnixNano())
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *cachepb.Entry]) { m.evicted[causeOf(e.Cause)].Inc() },
		Clock:            clock{now},
	})}
}

// clock is the time that entries expire by.
type clock struct{ now func() time.Time }

// NowNano implements otter.Clock.
func (c clock) NowNano() int64 { return c.now().UnixNano() }

// Tick implements otter.Clock.
func (c clock) Tick(every time.Duration) <-chan time.Time { return time.Tick(every) }

// entryBytes is what an entry takes in memory beside what it says: its form, and its places in the
// map and in the orders in which entries are dropped. It is measured.
const entryBytes = int64(unsafe.Sizeof(cachepb.Entry{})+unsafe.Sizeof(policypb.Tokens{})) + 256

// weight is about how many bytes an entry takes in memory.
func weight(e *cachepb.Entry) int64 { return entryBytes + int64(proto.Size(e)) }

// get returns the entry of a key; nil: there is none.
func (m *memory) get(key Key) *cachepb.Entry {
	e, ok := m.cache.GetIfPresent(key)
	if !ok || e.Expires <= m.now().UnixNano() {
		return nil
	}
	return e
}

// put keeps an entry, unless it has expired or a later one of its key is there.
func (m *memory) put(e *cachepb.Entry) {
	if e.Expires <= m.now().UnixNano() {
		return
	}
	m.cache.Compute(Key(e.Key), func(old *cachepb.Entry, found bool) (*cachepb.Entry, otter.ComputeOp) {
		if found && old.Stored > e.Stored {
			return old, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// purge forgets the entries that a purge names, and returns how many.
func (m *memory) purge(p *Purge) (entries int) {
	for key, e := range m.cache.All() {
		if p.Names(e) && m.forget(key, e) {
			entries++
		}
	}
	return entries
}

// forget forgets an entry, if it is still the one of its key.
func (m *memory) forget(key Key, e *cachepb.Entry) (forgotten bool) {
	m.cache.ComputeIfPresent(key, func(now *cachepb.Entry) (*cachepb.Entry, otter.ComputeOp) {
		if forgotten = now == e; forgotten {
			return nil, otter.InvalidateOp
		}
		return now, otter.CancelOp
	})
	return forgotten
}

// setMaxBytes changes how many bytes the entries may take.
func (m *memory) setMaxBytes(n int64) { m.cache.SetMaximum(uint64(n)) }

// close ends what cleans the memory up.
func (m *memory) close() { m.cache.StopAllGoroutines() }
