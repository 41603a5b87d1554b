package shared

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	balances "github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy"
)

// server is one Redis, and what stands in for it while it is lost.
type server struct {
	place
	stores   *Stores
	clock    func() time.Time                // nil: that of Redis
	whenLost atomic.Pointer[policy.WhenLost] // of the newest policy
	timeout  atomic.Int64                    // likewise, in nanoseconds
	link     *redis.Link
	outage   outage
	local    *ledger.Memory // claims that were decided without Redis
	decided  atomic.Bool    // some were
	queue    queue          // of settlements
	debts    ledger.Debts   // of what queue has no place for, and of what Redis has never granted
	serial   atomic.Uint64  // of settlements of debts

	uses   int           // guarded by stores.mu
	unused chan struct{} // closed when no policy uses it any more
	wake   chan struct{} // something is owed
}

func newServer(s *Stores, at place) (*server, error) {
	one := &server{
		place: at, stores: s, local: ledger.NewMemory(s.options.Now),
		clock: s.clock, unused: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	var err error
	one.link, err = redis.NewLink(at.url, at.cluster, s.options.LookupEnv)
	return one, err
}

// remote is where Redis is now.
func (s *server) remote() *balances.Store {
	return balances.New(s.link.Client(), s.prefix, s.clock)
}

// follow connects to where a file says that Redis is now, if it says something else.
func (s *server) follow() {
	if err := s.link.Follow(); err != nil {
		s.stores.options.Log.Error("the URL of Redis has changed and cannot be used; the one before stays in use", s.field(), errField(err))
	}
}

const (
	tick       = 250 * time.Millisecond
	followEach = 4 // ticks
	// probeFor is how long Redis may take to show that it is back.
	probeFor = time.Second
	// lastHandIn is how long the last settlements may take.
	lastHandIn = 2 * time.Second
)

// run hands in what is owed and finds out when Redis is back, until no policy uses it.
func (s *server) run() {
	defer s.link.Close()
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
