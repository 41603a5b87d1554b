package cache

import (
	"context"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// flight is an exchange whose answer equal requests wait for.
type flight struct {
	began time.Time
	done  chan struct{}
	entry *cachepb.Entry // once it is done; nil: there is no answer that may be shared
	again bool           // there is none because the client has left: another may take its place
}

// flights are those of all policies. It is safe for concurrent use.
type flights struct {
	mu      sync.Mutex
	all     map[store.Key]*flight
	waiting int
}

// maxFlight is how long requests join a flight: none waits longer for one than a policy allows.
const maxFlight = time.Minute

// join returns the flight of a key, and whether the caller is the one who flies: then it must call
// land.
func (f *flights) join(key store.Key, now time.Time) (one *flight, flies bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one = f.all[key]; one != nil && now.Sub(one.began) < maxFlight {
		return one, false
	}
	one = &flight{began: now, done: make(chan struct{})}
	f.all[key] = one
	return one, true
}

// lately is how long a flight that brought an answer is joined after it has landed: who looked for
// the answer before it was kept comes here after that.
const lately = 250 * time.Millisecond

// land gives those who wait the answer.
func (f *flights) land(key store.Key, one *flight, entry *cachepb.Entry, again bool) {
	one.entry, one.again = entry, again
	if entry == nil {
		f.forget(key, one) // before those who waited come back
	} else {
		time.AfterFunc(lately, func() { f.forget(key, one) })
	}
	close(one.done)
}

func (f *flights) forget(key store.Key, one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all[key] == one {
		delete(f.all, key)
	}
}

// wait waits for a flight to land; false: the context has ended before.
func (f *flights) wait(ctx context.Context, one *flight) bool {
	f.count(1)
	defer f.count(-1)
	select {
	case <-one.done:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *flights) count(by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting += by
}

// waits returns how many requests wait.
func (f *flights) waits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiting
}
