package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// Index learns of entries whose questions may be compared: of those that are put here, and of
// those that other pairs say that they have put. It is safe for concurrent use.
type Index interface {
	// Add takes in an entry, which may be one that it has, and may have no body.
	Add(*cachepb.Entry)
	// Purge forgets entries, and returns how many.
	Purge(Purge) int
	// SetMaxBytes says how much memory the policies in use allow.
	SetMaxBytes(int64)
}

// Options are what Stores need.
type Options struct {
	LookupEnv func(string) (string, bool)
	Now       func() time.Time
	Log       *zap.Logger
	Index     Index // nil: none
}

// Stores are the stores of all policies of a process: one memory, and each Redis that a policy
// names. It is safe for concurrent use.
type Stores struct {
	options Options
	metrics *metrics
	memory  *memory
	purges  *purges

	mu    sync.Mutex
	used  map[*Handle]struct{}
	ended bool
}

// minBytes is the memory without any policy.
const minBytes = 1 << 20

// New makes stores. Close ends them.
func New(o Options, reg prometheus.Registerer) *Stores {
	s := &Stores{options: o, purges: newPurges(), used: map[*Handle]struct{}{}}
	s.metrics = newMetrics(reg, s)
	s.memory = newMemory(minBytes, o.Now, s.metrics)
	return s
}

// For returns the store of a policy, to be closed when the policy is not used any more. The error
// is for operators: the URL of Redis cannot be found here, or is none. That Redis does not answer
// is no error.
func (s *Stores) For(set *policy.Set) (*Handle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, errors.New("the gateway is stopping")
	}
	h := &Handle{stores: s, bytes: set.Cache.Memory}
	s.used[h] = struct{}{}
	s.resize()
	return h, nil
}

// resize gives memory as much room as the largest policy in use allows.
func (s *Stores) resize() {
	n := int64(minBytes)
	for h := range s.used {
		n = max(n, h.bytes)
	}
	s.memory.setMaxBytes(n)
	if s.options.Index != nil {
		s.options.Index.SetMaxBytes(n)
	}
}

// release ends a policy's use.
func (s *Stores) release(h *Handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.used[h]; ok {
		delete(s.used, h)
		s.resize()
	}
}

// Purge forgets entries, in all stores, and returns how many it forgot in memory. From now on none
// of them is given. A purge whose ID is known is the same one; one without an ID is another each
// time.
func (s *Stores) Purge(p Purge) (entries int) {
	if p.ID == "" {
		p.ID = ulid.Make().String()
	}
	if !s.purges.add(&p) {
		return 0
	}
	if s.options.Index != nil {
		s.options.Index.Purge(p)
	}
	return s.memory.purge(&p)
}

// Close ends the stores, as soon as what was put is written, as long as ctx allows.
func (s *Stores) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.memory.close()
	}
	return nil
}
