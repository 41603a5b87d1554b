package source

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// expiring runs sources on one history, as replicas do, until the test's end.
func expiring(t *testing.T, n int, h History, path string) (all []*Source) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range n {
		s := open(t, Options{Path: path, History: h, Now: time.Now})
		running.Go(func() {
			s.ExpireInTime(ctx, func(_ bool, err error) { must(t, err) })
		})
		all = append(all, s)
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return all
}

// once whichever replica did, and that what has more time stays.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := policyFile(t, strings.Replace(split("5"), "models: {", "models: {n: {chain: [[{use: a/x}, {use: b/x}]]}, ", 1))
		all := expiring(t, 3, &Memory{}, path)
		s := all[0]
		n := laying("b/x", 4)
		n.Weights[0].Model = "n"
		lay(t, s, n)
		l := laying("a/x", 70)
		l.For = 90 * time.Minute
		lay(t, s, l)
		for _, other := range all[1:] {
			_, err := other.Sync()
			must(t, err)
		}
		time.Sleep(90*time.Minute - time.Nanosecond)
		synctest.Wait()
		for _, s := range all {
			weighs(t, "before its expiry", s, map[string]uint32{"a": 70, "b": 1})
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		for _, s := range all {
			weighs(t, "at its expiry", s, map[string]uint32{"a": 5, "b": 1})
			if w := s.Latest().Models["n"].Chain[0].Uses[1].Weight; w != 4 {
				t.Errorf("what does not expire is %d", w)
			}
		}
		c := s.Current()
		if c.Number != 4 || c.Origin != FromExpiry || c.Author != "headgate" || c.Reason != "expired: models.m.chain[0]: a/x=70 of ann (test)" {
			t.Errorf("the change is %+v", c)
		}
		if got := len(s.History()); got != 4 {
			t.Errorf("the history has %d changes, want 4", got)
		}
	})
}

// not missed.
func TestExpiryOfAnEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := expiring(t, 1, &Memory{}, policyFile(t, split("5")))[0]
		for _, d := range []time.Duration{50 * time.Second, 10 * time.Second} {
			l := laying("a/x", 70)
			l.For = d
			lay(t, s, l)
			time.Sleep(time.Second)
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		weighs(t, "after the sooner expiry", s, map[string]uint32{"a": 5, "b": 1})
	})
}

// the second, which records it.
func TestExpiryWhileNobodyRan(t *testing.T) {
	folder, path, now := t.TempDir(), policyFile(t, split("5")), noon
	clock := func() time.Time { return now }
	l := laying("a/x", 70)
	l.For = time.Hour
	lay(t, open(t, Options{Path: path, History: history(t, folder), Now: clock}), l)
	now = now.Add(time.Hour)
	var applied []uint32
	s := open(t, Options{Path: path, History: history(t, folder), Now: clock, Apply: func(set *policy.Set) error {
		applied = append(applied, set.Models["m"].Chain[0].Uses[0].Weight)
		return nil
	}})
	if diff := cmp.Diff([]uint32{5}, applied); diff != "" || s.Current().Origin != FromExpiry || s.Current().Number != 3 {
		t.Errorf("applied were %v; in effect is %+v", applied, s.Current())
	}
}

// forgotten, and not tried without a pause.
func TestExpiryIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		s := open(t, Options{Path: policyFile(t, split("5")), Now: time.Now, Apply: func(*policy.Set) error {
			if refuse.Load() {
				return errors.New("no space")
			}
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var failed atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.ExpireInTime(ctx, func(_ bool, err error) {
				if err != nil {
					failed.Add(1)
				}
			})
		}()
		l := laying("a/x", 70)
		l.For = time.Second
		lay(t, s, l)
		synctest.Wait()
		refuse.Store(true)
		time.Sleep(time.Second + 2*expireAgain + time.Millisecond)
		synctest.Wait()
		if failed.Load() != 3 || s.Refused() == nil || s.Refused().Origin != FromExpiry {
			t.Errorf("%d attempts failed, want 3; refused: %+v", failed.Load(), s.Refused())
		}
		refuse.Store(false)
		time.Sleep(expireAgain)
		synctest.Wait()
		weighs(t, "in the end", s, map[string]uint32{"a": 5, "b": 1})
		if s.Refused() != nil {
			t.Errorf("refused: %+v", s.Refused())
		}
		cancel()
		<-done
	})
}
