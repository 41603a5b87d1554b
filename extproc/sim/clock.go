package sim

import (
	"context"
	"sync"
	"time"
)

// Clock is the server's time. Implementations must be safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Sleep waits for d and returns nil, or ctx's error as soon as ctx ends.
	Sleep(ctx context.Context, d time.Duration) error
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Instant is a Clock for tests: Sleep returns at once and moves Now on by what
// would have been slept. It is safe for concurrent use.
type Instant struct {
	mu  sync.Mutex
	now time.Time
}

// NewInstant returns a clock that stands at now.
func NewInstant(now time.Time) *Instant { return &Instant{now: now} }

// Now returns the start plus everything that was slept since.
func (c *Instant) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the clock on by d.
func (c *Instant) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	return nil
}

var (
	_ Clock = realClock{}
	_ Clock = (*Instant)(nil)
)
