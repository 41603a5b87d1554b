package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// lifecycle is what has been started and how it is stopped: last in, first out,
// under one time limit, none skipped. The same stack rolls back a start that
// failed half-way. It is safe for concurrent use.
type lifecycle struct {
	mu    sync.Mutex
	steps []step
}

type step struct {
	name string
	stop func(context.Context) error
}

// started adds what must be stopped.
func (l *lifecycle) started(name string, stop func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps = append(l.steps, step{name, stop})
}

// stop stops everything. A second call finds nothing left.
func (l *lifecycle) stop(ctx context.Context) error {
	l.mu.Lock()
	steps := l.steps
	l.steps = nil
	l.mu.Unlock()
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		if err := steps[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping %s: %w", steps[i].name, err))
		}
	}
	return errors.Join(errs...)
}
