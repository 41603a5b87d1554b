package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// TestManyWaitForOne holds that of equal requests one flies and all others get its answer, and that
// one that leaves does not wait on.
func TestManyWaitForOne(t *testing.T) {
	f := &flights{all: map[store.Key]*flight{}}
	key, now := store.Key{1}, time.Now()
	one, flies := f.join(key, now)
	if !flies {
		t.Fatal("the first does not fly")
	}
	if other, flies := f.join(store.Key{2}, now); !flies || other == one {
		t.Fatal("another waits for it")
	}
	var all sync.WaitGroup
	var got atomic.Int64
	for range 50 {
		all.Go(func() {
			same, flies := f.join(key, now)
			if !flies && f.wait(t.Context(), same) && same.entry.GetId() == "e" {
				got.Add(1)
			}
		})
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if f.wait(left, one) {
		t.Error("it is waited for after it was left")
	}
	for f.waits() < 50 {
		time.Sleep(time.Millisecond)
	}
	f.land(key, one, &cachepb.Entry{Id: "e"}, false)
	all.Wait()
	if got.Load() != 50 || f.waits() != 0 {
		t.Errorf("%d got the answer, %d wait", got.Load(), f.waits())
	}
	if same, flies := f.join(key, now); flies || same != one || !f.wait(t.Context(), same) {
		t.Error("who comes a moment later does not get its answer")
	}
	f.forget(key, one)
	if _, flies := f.join(key, now); !flies {
		t.Error("it is joined for ever")
	}
}

// TestAFlightThatNeverLandsIsNotJoinedForever holds that another takes its place, and is not ended
// by it.
func TestAFlightThatNeverLandsIsNotJoinedForever(t *testing.T) {
	f := &flights{all: map[store.Key]*flight{}}
	key, now := store.Key{1}, time.Now()
	lost, _ := f.join(key, now)
	next, flies := f.join(key, now.Add(maxFlight))
	if !flies || next == lost {
		t.Fatal("it is joined")
	}
	f.land(key, lost, nil, false)
	if same, flies := f.join(key, now.Add(maxFlight)); flies || same != next {
		t.Error("the one that was lost has ended the next")
	}
}
