package shared

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// Options are what Stores need.
type Options struct {
	LookupEnv func(string) (string, bool)
	Pairs     func() int // that are live, this one included; less than 1: nobody has said
	Now       func() time.Time
	Log       *zap.Logger
}

// sweepEvery is how often memories forget what is unused.
const sweepEvery = 10 * time.Second

// Stores are the stores of all policies of a process. It is safe for concurrent use.
type Stores struct {
	options Options
	metrics *metrics
	own     *ledger.Memory // of policies that name no Redis
	changed atomic.Pointer[func()]
	clock   func() time.Time // of every Redis; nil: its own

	mu      sync.Mutex
	servers map[place]*server // those that a policy uses
	begun   bool              // a policy has asked for its store
	ended   bool

	running sync.WaitGroup
	stop    chan struct{} // closed by Close
}

// place is what makes two policies use one Redis.
type place struct {
	url     policy.Credential
	cluster bool
	prefix  string
}

// New makes stores. Close ends them.
func New(o Options, reg prometheus.Registerer) *Stores {
	s := &Stores{options: o, own: ledger.NewMemory(o.Now), servers: map[place]*server{}, stop: make(chan struct{})}
	s.metrics = newMetrics(reg, s)
	return s
}

// For returns the store of a policy. It has a Close if it owns more than memory, to be called
// after the policy's last claim was settled. The error is for operators: the URL cannot be found
// here, or is none. That Redis does not answer is no error.
func (s *Stores) For(set *policy.Set) (ledger.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, errors.New("the gateway is stopping")
	}
	if !s.begun {
		s.begun = true
		s.running.Go(s.sweep)
	}
	r := set.Redis
	if r.URL == (policy.Credential{}) {
		return s.own, nil
	}
	at := place{r.URL, r.Cluster, r.Prefix}
	one := s.servers[at]
	if one == nil {
		var err error
		if one, err = newServer(s, at); err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		s.servers[at] = one
		s.running.Go(one.run)
	}
	one.uses++
	one.whenLost.Store(&r.WhenLost)
	one.timeout.Store(int64(r.Timeout))
	return &store{server: one, timeout: r.Timeout, whenLost: r.WhenLost}, nil
}

// release ends a use of a server. The last one ends it.
func (s *Stores) release(one *server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.uses--; one.uses == 0 {
		delete(s.servers, one.place)
		close(one.unused)
	}
}

// OnTrouble has a function called whenever Trouble has changed.
func (s *Stores) OnTrouble(changed func()) { s.changed.Store(&changed) }

// Trouble says which Redis is lost and what comes of it; empty: none is.
func (s *Stores) Trouble() (text string) {
	for _, one := range s.list() {
		if t := one.trouble(); t != "" && text == "" {
			text = t
		} else if t != "" {
			text += "; " + t
		}
	}
	return text
}

func (s *Stores) list() (all []*server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.servers {
		all = append(all, one)
	}
	return all
}

func (s *Stores) sweep() {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.own.Sweep()
			for _, one := range s.list() {
				one.local.Sweep()
			}
		case <-s.stop:
			return
		}
	}
}

// Close hands in what is owed, as long as ctx allows and no longer than lastHandIn, and ends all.
func (s *Stores) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil
	}
	s.ended = true
	close(s.stop)
	s.mu.Unlock()
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
