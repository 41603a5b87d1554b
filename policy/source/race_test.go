package source

import (
	"errors"
	"sync"
	"testing"
)

// TestOneOfSeveralPushesWins races Sources on one history with one expectation.
func TestOneOfSeveralPushesWins(t *testing.T) {
	for _, shared := range []string{"folder", "memory"} {
		t.Run(shared, func(t *testing.T) {
			sources := racing(t, shared)
			var wg sync.WaitGroup
			results := make([]error, len(sources))
			for i, s := range sources {
				wg.Go(func() { _, results[i] = s.Push(push(text(10+i), revision(1))) })
			}
			wg.Wait()
			won := 0
			for _, err := range results {
				if err == nil {
					won++
				} else if !errors.Is(err, ErrConflict) {
					t.Errorf("a push lost with %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d pushes won", won)
			}
			agree(t, sources, 2)
		})
	}
}

// TestPushesWithoutExpectationAllCount races Sources that expect nothing.
func TestPushesWithoutExpectationAllCount(t *testing.T) {
	sources := racing(t, "folder")
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() {
			if _, err := s.Push(push(text(10+i), "")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	agree(t, sources, 1+len(sources))
}

// racing returns Sources with text(1) in effect that share a history.
func racing(t *testing.T, shared string) []*Source {
	t.Helper()
	folder, memory := seeded(t), history(t, "")
	open(t, Options{Path: policyFile(t, text(1)), History: memory})
	var all []*Source
	for range 8 {
		h := memory
		if shared == "folder" {
			h = history(t, folder)
		}
		all = append(all, open(t, Options{History: h}))
	}
	return all
}

// agree holds that all Sources have the same policy in effect, by change number.
func agree(t *testing.T, sources []*Source, number int) {
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
