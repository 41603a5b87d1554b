package store

import (
	"context"
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy"
)

// server is one Redis.
type server struct {
	place
	stores  *Stores
	link    *redis.Link
	breaker *breaker
	queue   *queue
	feed    feed
	purges  *journal
	timeout atomic.Int64 // of the newest policy, in nanoseconds
	full    atomic.Bool  // what else Redis holds needs the rest of its memory
	synced  atomic.Value // the goredis.UniversalClient whose purges are known

	uses    int           // guarded by stores.mu
	unused  chan struct{} // closed when no policy uses it any more
	working sync.WaitGroup
}

// place is what makes two policies use one Redis.
type place struct {
	url     policy.Credential
	cluster bool
	prefix  string
}

func newServer(s *Stores, at place) (*server, error) {
	link, err := redis.NewLink(at.url, at.cluster, s.options.LookupEnv)
	if err != nil {
		return nil, err
	}
	one := &server{place: at, stores: s, link: link, queue: newQueue(), purges: newJournal(), unused: make(chan struct{})}
	one.breaker = newBreaker(one)
	one.feed.begin()
	return one, nil
}

// The names of keys.
func (s *server) entryKey(key Key) string { return s.prefix + "cache:e:" + hex.EncodeToString(key[:]) }
func (s *server) feedKey() string         { return s.prefix + "cache:feed" }
func (s *server) purgesKey() string       { return s.prefix + "cache:purges" }
func (s *server) sweeperKey() string      { return s.prefix + "cache:sweeper" }

const (
	tick       = 250 * time.Millisecond
	followEach = 4   // ticks: a second
	sweepEach  = 240 // ticks: a minute
	// lastWrites is how long the last entries may take to be written.
	lastWrites = 2 * time.Second
)

// run keeps Redis in use, until no policy uses it.
func (s *server) run() {
	ctx, cancel := context.WithCancel(context.Background())
	for _, work := range []func(context.Context){s.write, s.listen, s.sweepPurged} {
		s.working.Go(func() { work(ctx) })
	}
	s.watch(ctx)
	s.leave()
	cancel()
	s.link.Close() // ends what waits for the feed
	s.working.Wait()
}

// watch does what is due now and then, until nothing is any more.
func (s *server) watch(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for n := 0; ; n++ {
		s.breaker.probe(ctx)
		if n%followEach == 0 {
			s.lookForRoom(ctx)
			if err := s.link.Follow(); err != nil {
				s.stores.options.Log.Error("the URL of Redis has changed and cannot be used; the one before stays in use", s.field(), zap.Error(err))
			}
		}
		if n%sweepEach == 0 {
			s.stores.purges.forget(s.stores.options.Now())
			s.purges.rouse() // whoever was to sweep may have died
		}
		select {
		case <-t.C:
		case <-s.unused:
			return
		case <-s.stores.stop:
			return
		}
	}
}

// leave writes what is still to be written.
func (s *server) leave() {
	s.queue.close()
	select {
	case <-s.queue.written:
	case <-time.After(lastWrites):
	}
}

// run runs a pipeline. If Redis refuses the connection that it is to go over, the client says so of
// the whole alone, and nothing of the commands: then that is the error of each.
func run(ctx context.Context, pipe goredis.Pipeliner) error {
	if pipe.Len() == 0 {
		return nil
	}
	commands, err := pipe.Exec(ctx)
	if err == nil || slices.ContainsFunc(commands, func(c goredis.Cmder) bool { return c.Err() != nil }) {
		return err
	}
	for _, c := range commands {
		c.SetErr(err)
	}
	return err
}

func (s *server) field() zap.Field { return zap.String("url_from", s.link.Name()) }
