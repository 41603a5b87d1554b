package journal

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/store"
)

// How often a Tidier tidies, and when it tries again.
const (
	tidyEvery = 10 * time.Minute
	tidyAgain = 10 * time.Second
)

// Tidier tidies a journal as long as a policy says that rows are kept.
type Tidier struct {
	journal   *Journal
	log       *zap.Logger
	retention chan time.Duration // the newest; one place
	stop      context.CancelFunc
	running   sync.WaitGroup
}

// NewTidier makes a Tidier, which drops nothing until it follows a policy.
func NewTidier(j *Journal, log *zap.Logger) *Tidier {
	t := &Tidier{journal: j, log: log, retention: make(chan time.Duration, 1)}
	var ctx context.Context
	ctx, t.stop = context.WithCancel(context.Background())
	t.running.Go(func() { t.run(ctx) })
	return t
}

// Follow keeps rows for a time from now on. It is called by one goroutine at a time.
func (t *Tidier) Follow(retention time.Duration) {
	select {
	case <-t.retention:
	default:
	}
	t.retention <- retention
}

// Stop ends what is under way.
func (t *Tidier) Stop() {
	t.stop()
	t.running.Wait()
}

func (t *Tidier) run(ctx context.Context) {
	var retention time.Duration
	var due <-chan time.Time
	for {
		select {
		case r := <-t.retention:
			if r == retention {
				continue
			}
			retention = r
		case <-due:
		case <-ctx.Done():
			return
		}
		wait := tidyEvery
		err := t.journal.Tidy(ctx, retention, time.Now())
		if err != nil && ctx.Err() == nil {
			wait = tidyAgain
			if !errors.Is(err, store.ErrUnavailable) { // an outage is logged once, by the database
				t.log.Warn("the journal could not be tidied; that is tried again", zap.Error(err))
			}
		}
		due = time.After(wait)
	}
}
