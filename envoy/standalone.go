package envoy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ErrEnds is that time was up while requests were under way at an Envoy, which has been ended then.
var ErrEnds = errors.New("requests were still under way")

// Standalone is an Envoy that somebody else has started. It is safe for concurrent use.
type Standalone struct{ admin *http.Client }

// NewStandalone makes a Standalone of the Envoy with this admin socket.
func NewStandalone(admin string) *Standalone { return &Standalone{overSocket(admin)} }

// Runs reports whether the Envoy answers.
func (s *Standalone) Runs(ctx context.Context) bool {
	_, err := ask(ctx, s.admin, http.MethodGet, "/listeners")
	return err == nil
}

// AwaitListening waits until the Envoy serves wherever another one listens for clients, or until
// ctx is done. It shares these ports with it if both may (headgate extproc --share-port).
func (s *Standalone) AwaitListening(ctx context.Context, other *Standalone) error {
	want, err := other.listeners(ctx)
	if err != nil {
		return fmt.Errorf("asking Envoy where it listens: %w", err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.listensAt(ctx, want) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the other Envoy does not listen at %s: %w", strings.Join(want, ", "), ctx.Err())
		}
	}
}

// listensAt reports whether the workers of an Envoy listen at all addresses.
func (s *Standalone) listensAt(ctx context.Context, want []string) bool {
	if _, err := ask(ctx, s.admin, http.MethodGet, "/ready"); err != nil {
		return false
	}
	has, err := s.listeners(ctx)
	return err == nil && !slices.ContainsFunc(want, func(l string) bool { return !slices.Contains(has, l) })
}

// listeners are what Envoy prints of them, each with its address.
func (s *Standalone) listeners(ctx context.Context) (all []string, err error) {
	text, err := ask(ctx, s.admin, http.MethodGet, "/listeners")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		all = append(all, strings.TrimSpace(line))
	}
	return all, nil
}

// DrainAndEnd makes the Envoy accept no more connections, waits until no client is connected, or
// none has asked anything for some time, and ends it. It is ended, too, when ctx is done before: the
// error is ErrEnds then.
func (s *Standalone) DrainAndEnd(ctx context.Context, quiet time.Duration) error {
	var begun int64
	since := time.Now() // that nothing was asked
	err := drain(ctx, s.admin, func(u use) bool {
		if u.requests > 0 || u.begun != begun {
			begun, since = u.begun, time.Now()
		}
		return u.connections == 0 || time.Since(since) >= quiet
	})
	if err != nil && ctx.Err() == nil {
		return err
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), killAfter)
	defer cancel()
	if _, err := ask(ending, s.admin, http.MethodPost, "/quitquitquit"); err != nil {
		return fmt.Errorf("ending Envoy: %w", err)
	}
	if err != nil {
		return ErrEnds
	}
	return nil
}
