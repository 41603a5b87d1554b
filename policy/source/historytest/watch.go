package historytest

import (
	"context"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/source"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// watch watches until the test ends, and returns what comes of each call: how many
// changes are known then.
func watch(t *testing.T, h source.History) <-chan int {
	t.Helper()
	seen, done := make(chan int, 100), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		done <- h.Watch(ctx, func() {
			if err := h.Refresh(); err != nil {
				t.Error(err)
			}
			seen <- len(h.Changes())
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("watching ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("watching does not end with its context")
		}
	})
	return seen
}

func await(t *testing.T, what string, seen <-chan int, want int) {
	t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case now := <-seen:
			if now == want {
				return
			}
		case <-deadline:
			t.Fatalf("%s is not announced", what)
		}
	}
}

func watchEnds(t *testing.T, s Store) {
	h := s.Open(t)
	recorded(t, h, 1)
	await(t, "the beginning", watch(t, h), 1)
}

// announced holds that who watches need not ask.
func announced(t *testing.T, s Store) {
	h, other := s.Open(t), s.Open(t)
	seen := watch(t, h)
	await(t, "the beginning", seen, 0)
	recorded(t, other, 1)
	await(t, "a change", seen, 1)
	recorded(t, other, 3)
	await(t, "the last of several changes", seen, 4)
}
