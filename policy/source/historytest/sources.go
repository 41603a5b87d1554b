package historytest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/source"
)

// onePushWins races Sources on one history with one expectation.
func onePushWins(t *testing.T, s Store) {
	sources := racing(t, s)
	var wg sync.WaitGroup
	results := make([]error, len(sources))
	for i, one := range sources {
		wg.Go(func() { _, results[i] = one.Push(proposal(10+i, revision(1))) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, source.ErrConflict) {
			t.Errorf("a push lost with %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d pushes won", won)
	}
	agree(t, sources, 2)
}

// judgedAgain records a change after a push has met its expectation, and before it is
// recorded.
func judgedAgain(t *testing.T, s Store) {
	recorded(t, s.Open(t), 1)
	other, overtake := open(t, s), false
	one, err := source.Open(source.Options{History: s.Open(t), Now: func() time.Time {
		if overtake {
			overtake = false
			_, err := other.Push(proposal(2, ""))
			must(t, err)
		}
		return at(0)
	}})
	must(t, err)
	overtake = true
	if _, err := one.Push(proposal(3, revision(1))); !errors.Is(err, source.ErrConflict) {
		t.Errorf("the push returned %v", err)
	}
	agree(t, []*source.Source{one, other}, 2)
}

// allPushesCount races Sources that expect nothing.
func allPushesCount(t *testing.T, s Store) {
	sources := racing(t, s)
	var wg sync.WaitGroup
	for i, one := range sources {
		wg.Go(func() {
			if _, err := one.Push(proposal(10+i, "")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	agree(t, sources, 1+len(sources))
}

// restart holds that the newest change is in effect after a restart, and that later
// ones come on top.
func restart(t *testing.T, s Store) {
	recorded(t, s.Open(t), 2)
	for _, number := range []int{2, 3} {
		one := open(t, s)
		if c := one.Current(); c.Number != number || c.Revision != revision(number) {
			t.Errorf("in effect is change %d, revision %s, want change %d", c.Number, c.Revision, number)
		}
		_, err := one.Push(proposal(number+1, revision(number)))
		must(t, err)
	}
}

// racing returns Sources with change(1) in effect that share a history.
func racing(t *testing.T, s Store) (all []*source.Source) {
	t.Helper()
	recorded(t, s.Open(t), 1)
	for range recorders {
		all = append(all, open(t, s))
	}
	return all
}

func open(t testing.TB, s Store) *source.Source {
	t.Helper()
	one, err := source.Open(source.Options{History: s.Open(t)})
	must(t, err)
	return one
}

func proposal(n int, expect string) source.Proposal {
	return source.Proposal{Files: files(n), Author: "ada", Reason: "because", Expect: expect}
}

// agree holds that all Sources have the same policy in effect, by change number.
func agree(t *testing.T, sources []*source.Source, number int) {
	t.Helper()
	for _, s := range sources {
		if _, err := s.Sync(); err != nil {
			t.Error(err)
		}
		if s.Latest().Revision != sources[0].Latest().Revision || s.Current().Number != number {
			t.Errorf("in effect is %s by change %d, elsewhere %s; want change %d", s.Latest().Revision, s.Current().Number, sources[0].Latest().Revision, number)
		}
	}
}
