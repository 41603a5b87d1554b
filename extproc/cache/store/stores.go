package store

import (
	"context"
	"errors"
	"fmt"
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

	mu      sync.Mutex
	used    map[*Handle]struct{}
	servers map[place]*server // those that a policy uses
	ended   bool

	running sync.WaitGroup
	stop    chan struct{} // closed by Close
}

// minBytes is the memory without any policy.
const minBytes = 1 << 20

// New makes stores. Close ends them.
func New(o Options, reg prometheus.Registerer) *Stores {
	s := &Stores{options: o, purges: newPurges(), used: map[*Handle]struct{}{}, servers: map[place]*server{}, stop: make(chan struct{})}
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
	h := &Handle{stores: s, bytes: set.Cache.Memory, timeout: set.Cache.Timeout}
	if set.Cache.Redis && set.Redis.URL != (policy.Credential{}) {
		var err error
		if h.server, err = s.serverAt(place{set.Redis.URL, set.Redis.Cluster, set.Redis.Prefix}); err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		h.server.uses++
		h.server.timeout.Store(int64(h.timeout))
		h.server.feed.allow(h.bytes)
	}
	s.used[h] = struct{}{}
	s.resize()
	return h, nil
}

func (s *Stores) serverAt(at place) (*server, error) {
	if one := s.servers[at]; one != nil {
		return one, nil
	}
	one, err := newServer(s, at)
	if err != nil {
		return nil, err
	}
	s.servers[at] = one
	s.running.Go(one.run)
	return one, nil
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
	if _, ok := s.used[h]; !ok {
		return
	}
	delete(s.used, h)
	s.resize()
	if one := h.server; one != nil {
		if one.uses--; one.uses == 0 {
			delete(s.servers, one.place)
			close(one.unused)
		}
	}
}

func (s *Stores) list() (all []*server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.servers {
		all = append(all, one)
	}
	return all
}

// sum sums over the servers in use.
func (s *Stores) sum(of func(*server) int64) func() int64 {
	return func() (sum int64) {
		for _, one := range s.list() {
			sum += of(one)
		}
		return sum
	}
}

// Purge forgets entries, in all stores, and returns how many it forgot in memory. From now on none
// of them is given. A purge whose ID is known is the same one; one without an ID is another each
// time.
func (s *Stores) Purge(p Purge) (entries int) {
	if p.ID == "" {
		p.ID = ulid.Make().String()
	}
	return s.apply(&p, nil)
}

// apply applies a purge that one Redis knows of; nil: none does. One that no entry can be older
// than does nothing.
func (s *Stores) apply(p *Purge, by *server) (entries int) {
	if p.At.Before(s.options.Now().Add(-purgeKept)) || !s.purges.add(p) {
		return 0
	}
	for _, one := range s.list() {
		if one != by {
			one.purges.add(p)
		}
	}
	if s.options.Index != nil {
		s.options.Index.Purge(*p)
	}
	return s.memory.purge(p)
}

// Relearn has the index learn of all entries anew: of those in memory before it returns, of those
// in Redis by and by.
func (s *Stores) Relearn() {
	for e := range s.memory.cache.Values() {
		s.learn(e)
	}
	for _, one := range s.list() {
		one.feed.anew.Store(true)
	}
}

// Close ends the stores, when what was put is written, and no later than ctx allows.
func (s *Stores) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil
	}
	s.ended = true
	close(s.stop)
	s.mu.Unlock()
	s.memory.close()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
