package shared

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/policy"
)

// server is one Redis, and what stands in for it while it is lost.
type server struct {
	place
	stores   *Stores
	whenLost atomic.Pointer[policy.WhenLost] // of the newest policy
	timeout  atomic.Int64                    // likewise, in nanoseconds
	conn     atomic.Pointer[connection]
	outage   outage
	local    *ledger.Memory // claims that were decided without Redis
	decided  atomic.Bool    // some were
	queue    queue          // of settlements
	debts    ledger.Debts   // of what queue has no place for, and of what Redis has never granted
	serial   atomic.Uint64  // of settlements of debts
	replaced []*connection  // that calls may be under way on; of run alone

	uses   int           // guarded by stores.mu
	unused chan struct{} // closed when no policy uses it any more
	wake   chan struct{} // something is owed
}

// connection is a client, and the URL that it was made of.
type connection struct {
	url      string
	client   goredis.UniversalClient
	store    *redis.Store
	replaced time.Time // by another; the zero value: it is in use
}

func newServer(s *Stores, at place) (*server, error) {
	one := &server{
		place: at, stores: s, local: ledger.NewMemory(s.options.Now),
		unused: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	url, err := find(at.url, s.options.LookupEnv)
	if err != nil {
		return nil, err
	}
	return one, one.connect(url)
}

// connect uses another URL from now on.
func (s *server) connect(url string) error {
	client, err := redis.Open(url, s.cluster)
	if err != nil {
		return unusable(s.url, err)
	}
	next := &connection{url: url, client: client, store: redis.New(client, s.prefix, s.stores.clock)}
	if before := s.conn.Swap(next); before != nil {
		before.replaced = time.Now()
		s.replaced = append(s.replaced, before)
	}
	return nil
}

// closeReplaced closes the connections that have been replaced for some time.
func (s *server) closeReplaced(since time.Duration) {
	s.replaced = slices.DeleteFunc(s.replaced, func(c *connection) bool {
		old := time.Since(c.replaced) >= since
		if old {
			_ = c.client.Close()
		}
		return old
	})
}

// remote is where Redis is now.
func (s *server) remote() *redis.Store { return s.conn.Load().store }

// name is where the URL is found. It is no secret.
func (s *server) name() string { return s.url.Env + s.url.File }

// follow connects to where a file says that Redis is now, if it says something else.
func (s *server) follow() {
	if s.url.File == "" {
		return
	}
	s.closeReplaced(longestCall)
	if url, err := find(s.url, s.stores.options.LookupEnv); err == nil && url != s.conn.Load().url {
		if err := s.connect(url); err != nil {
			s.stores.options.Log.Error("the URL of Redis has changed and cannot be used; the one before stays in use", s.field(), errField(err))
		}
	}
}

// redacted is an error without the URL's password.
func (s *server) redacted(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(redis.Redact(err.Error(), s.conn.Load().url))
}

const (
	tick       = 250 * time.Millisecond
	followEach = 4 // ticks
	// probeFor is how long Redis may take to show that it is back.
	probeFor = time.Second
	// lastHandIn is how long the last settlements may take.
	lastHandIn = 2 * time.Second
	// longestCall is what a policy may let a request wait for Redis at most.
	longestCall = 10 * time.Second
)

// run hands in what is owed and finds out when Redis is back, until no policy uses it.
func (s *server) run() {
	defer func() {
		s.closeReplaced(0)
		_ = s.conn.Load().client.Close()
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := time.NewTicker(tick)
	defer t.Stop()
	s.probe(ctx)
	for n := 1; ; n++ {
		select {
		case <-s.wake:
			if !s.outage.lost.Load() {
				s.handIn(ctx)
			}
		case <-t.C:
			if n%followEach == 0 {
				s.follow()
			}
			s.turn(ctx)
		case <-s.unused:
			s.leave(ctx)
			return
		case <-s.stores.stop:
			s.leave(ctx)
			return
		}
	}
}

// turn does what is due.
func (s *server) turn(ctx context.Context) {
	if !s.outage.lost.Load() {
		s.handIn(ctx)
	} else if s.outage.mayBeBack(s.stores.options.Now()) && s.probe(ctx) && s.handIn(ctx) && s.quick(ctx) {
		s.recovered()
	}
}

// probe reports whether Redis takes claims. It opens connections, too, before a request needs one.
func (s *server) probe(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	return s.remote().Probe(ctx) == nil
}

// quick reports whether Redis answers as soon as requests want it to.
func (s *server) quick(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.timeout.Load()))
	defer cancel()
	return s.remote().Peek(ctx, []ledger.Limit{{Scope: "probe/0", Name: "probe", Max: 1, Period: time.Second}}, make([]ledger.Balance, 1)) == nil
}

// leave hands in what is owed for the last time.
func (s *server) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastHandIn)
	defer cancel()
	if s.outage.lost.Load() && !s.probe(ctx) || !s.handIn(ctx) {
		s.dropped(s.queue.len()+s.debts.Len(), "the gateway stops, or no policy names this Redis any more")
	}
}
