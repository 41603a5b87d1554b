package store

import (
	"context"
	"errors"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy/cachepb"
)

// get looks an entry up. It waits no longer than a policy says.
func (s *server) get(ctx context.Context, key Key, timeout time.Duration) (*cachepb.Entry, error) {
	data, err := s.read(ctx, key, timeout)
	switch {
	case errors.Is(err, goredis.Nil):
		return nil, s.found(miss, nil)
	case ctx.Err() != nil:
		return nil, s.found(left, ErrLost)
	case errors.Is(err, errLost):
		return nil, s.found(lost, ErrLost)
	case errors.Is(err, errStarting):
		return nil, s.found(starting, ErrLost)
	case goredis.HasErrorPrefix(err, "WRONGTYPE"):
		return nil, s.unread(foreign)
	case err != nil:
		return nil, s.found(result(redis.ReasonOf(err)), ErrLost)
	}
	e, err := decode(data)
	switch {
	case err != nil:
		return nil, s.unread(err)
	case Key(e.Key) != key:
		return nil, s.unread(otherKey)
	case e.Expires <= s.stores.options.Now().UnixNano():
		return nil, s.found(miss, nil)
	case s.stores.purges.name(e):
		return nil, s.found(purged, nil)
	}
	return e, s.found(hit, nil)
}

// errStarting says that the purges are not known yet.
var errStarting = errors.New("what is purged is not known yet")

func (s *server) read(ctx context.Context, key Key, timeout time.Duration) ([]byte, error) {
	client := s.link.Client()
	if s.synced.Load() != any(client) {
		return nil, errStarting
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.breaker.ask(func() ([]byte, error) { return client.Get(ctx, s.entryKey(key)).Bytes() })
}

// found counts what came of looking an entry up, and returns an error.
func (s *server) found(r result, err error) error {
	s.stores.metrics.lookups[inRedis][r].Inc()
	return err
}

// unread counts what cannot be read.
func (s *server) unread(why error) error {
	s.stores.metrics.unreadable(why)
	return s.found(unreadable, ErrUnreadable)
}

const (
	// maxFailures is how many look-ups in a row may fail until Redis is lost: from then on no
	// request waits for it.
	maxFailures = 3
	// rest is how long it is left alone then, each time.
	rest = 2 * tick
	// soon is within which a loss is not logged again.
	soon = 10 * time.Second
)

// errLost says that Redis was not asked.
var errLost = errors.New("redis is lost")

// breaker keeps requests from waiting for a Redis that is lost. Requests do not find out when it
// is back: a probe does.
type breaker struct {
	server *server
	b      *gobreaker.CircuitBreaker[[]byte]

	mu     sync.Mutex
	logged time.Time // a loss
	open   bool      // its end is to be logged
}

func newBreaker(s *server) *breaker {
	b := &breaker{server: s}
	b.b = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name: s.link.Name(), MaxRequests: 1, Timeout: rest,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= maxFailures },
		IsSuccessful:  answered,
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) }, // who asked has left
		OnStateChange: func(_ string, from, to gobreaker.State) { b.changed(from, to) },
	})
	return b
}

// answered reports whether Redis answered a question for an entry.
func answered(err error) bool {
	return err == nil || errors.Is(err, goredis.Nil) || goredis.HasErrorPrefix(err, "WRONGTYPE")
}

// lost reports whether requests do not wait for Redis.
func (b *breaker) lost() bool { return b.b.State() != gobreaker.StateClosed }

// ask asks Redis, or returns errLost at once.
func (b *breaker) ask(question func() ([]byte, error)) ([]byte, error) {
	if b.lost() {
		return nil, errLost
	}
	return b.run(question)
}

func (b *breaker) run(question func() ([]byte, error)) ([]byte, error) {
	data, err := b.b.Execute(question)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, errLost
	}
	return data, err
}

// probe finds out whether a Redis that is lost answers again, as soon as requests want it to.
func (b *breaker) probe(ctx context.Context) {
	if b.b.State() != gobreaker.StateHalfOpen {
		return
	}
	s := b.server
	if c, ok := s.link.Client().(*goredis.ClusterClient); ok {
		c.ReloadState(ctx) // a node that is gone cannot say who has taken its place
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.timeout.Load()))
	defer cancel()
	_, _ = b.run(func() ([]byte, error) { return s.link.Client().Get(ctx, s.prefix+"cache:probe").Bytes() })
}

// changed logs that Redis is lost, unless that was logged just now, and that it is back.
func (b *breaker) changed(from, to gobreaker.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	log, now := b.server.stores.options.Log, time.Now()
	switch {
	case from == gobreaker.StateClosed && now.Sub(b.logged) >= soon:
		b.logged, b.open = now, true
		log.Warn("Redis is lost to the cache: no entry is read there", b.server.field())
	case to == gobreaker.StateClosed && b.open:
		b.open = false
		log.Info("Redis is back for the cache", b.server.field())
	}
}
