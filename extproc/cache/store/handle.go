package store

import (
	"context"
	"time"

	"github.com/headgate/headgate/policy/cachepb"
)

// Handle is how one policy uses the stores. It is safe for concurrent use.
type Handle struct {
	stores  *Stores
	bytes   int64         // of memory that the policy allows
	server  *server       // nil: none but memory
	timeout time.Duration // of a look-up there
}

var _ Store = (*Handle)(nil)

// Get implements Store.
func (h *Handle) Get(ctx context.Context, key Key) (*cachepb.Entry, error) {
	e := h.stores.recall(key)
	if e != nil || h.server == nil {
		return e, nil
	}
	e, err := h.server.get(ctx, key, h.timeout)
	if e != nil {
		h.stores.memory.put(e)
	}
	return e, err
}

// recall looks an entry up in memory.
func (s *Stores) recall(key Key) *cachepb.Entry {
	e := s.memory.get(key)
	switch {
	case e == nil:
		s.metrics.lookups[inMemory][miss].Inc()
	case s.purges.name(e):
		s.memory.forget(key, e)
		s.metrics.lookups[inMemory][purged].Inc()
		return nil
	default:
		s.metrics.lookups[inMemory][hit].Inc()
	}
	return e
}

// Put implements Store.
func (h *Handle) Put(e *cachepb.Entry) {
	s := h.stores
	s.memory.put(e)
	s.learn(e)
	if h.server != nil {
		h.server.put(e)
	}
}

// learn has the index learn of an entry that may be compared.
func (s *Stores) learn(e *cachepb.Entry) {
	if s.options.Index != nil && len(e.Space) > 0 && !s.purges.name(e) {
		s.options.Index.Add(e)
	}
}

// Purged reports whether an entry that was had before must not be given any more.
func (h *Handle) Purged(e *cachepb.Entry) bool { return h.stores.purges.name(e) }

// Purge implements Store. It is of all policies.
func (h *Handle) Purge(p Purge) (entries int) { return h.stores.Purge(p) }

// Close ends the policy's use of the stores.
func (h *Handle) Close() error {
	h.stores.release(h)
	return nil
}
