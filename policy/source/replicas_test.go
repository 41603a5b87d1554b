package source

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// replica is a Source that is watched as its owner does.
type replica struct {
	*Source
	applied chan int64 // the n of each text that took effect
}

// TestReplicas runs Sources with one history and one file. Each puts every change
// into effect exactly once, although all of them record the file's.
func TestReplicas(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var all []replica
	for range 3 {
		all = append(all, run(ctx, t, &wg, path, folder))
	}
	everywhere := func(want int64) {
		t.Helper()
		for i, r := range all {
			select {
			case got := <-r.applied:
				if got != want {
					t.Errorf("replica %d applied %d, want %d", i, got, want)
				}
			case <-time.After(patience):
				t.Fatalf("replica %d did not apply %d", i, want)
			}
		}
	}
	everywhere(1)
	_, err := all[0].Push(push(text(2), ""))
	must(t, err)
	everywhere(2)
	replace(t, path, text(3))
	everywhere(3)
	_, err = all[1].Rollback("", push("", revision(3)))
	must(t, err)
	everywhere(2)
	cancel()
	wg.Wait()
	for i, r := range all {
		inEffect(t, r.Source, 2, 4, FromRollback)
		if len(r.applied) > 0 {
			t.Errorf("replica %d applied %d as well", i, <-r.applied)
		}
	}
}

func run(ctx context.Context, t *testing.T, wg *sync.WaitGroup, path, folder string) replica {
	t.Helper()
	r := replica{applied: make(chan int64, 100)}
	r.Source = open(t, Options{Path: path, History: history(t, folder), Apply: func(set *policy.Set) error {
		r.applied <- set.BodyLimit >> 10
		return nil
	}})
	watch := func(path string, changed func() (bool, error)) {
		wg.Go(func() {
			err := Watch(ctx, path, func() {
				if _, err := changed(); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	watch(path, r.Reload)
	watch(folder, r.Sync)
	return r
}

// TestLosingToAChangeThatCannotTakeEffect lets another process record a change
// during Apply, which this one then refuses to apply.
func TestLosingToAChangeThatCannotTakeEffect(t *testing.T) {
	folder := seeded(t)
	other := open(t, Options{History: history(t, folder)})
	var e effects
	race := false
	s := open(t, Options{History: history(t, folder), Apply: func(set *policy.Set) error {
		if set.Revision == revision(3) {
			return errors.New("port in use")
		}
		if race {
			race = false
			_, err := other.Push(push(text(3), ""))
			must(t, err)
		}
		return e.apply(set)
	}})
	race = true
	if _, err := s.Push(push(text(2), revision(1))); !errors.Is(err, ErrConflict) {
		t.Errorf("Push returned %v", err)
	}
	inEffect(t, s, 1, 1, FromFile)
	if r := s.Refused(); !cmp.Equal(e.all, []int64{1, 2, 1}) || r == nil {
		t.Errorf("applied were %v, refused is %v", e.all, r)
	}
}
