package audit

import (
	"context"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/zap"
)

const (
	// addWithin bounds how long a change waits for its row.
	addWithin = 2 * time.Second
	// every is how often rows that wait are tried again.
	every = 5 * time.Second
)

// Log keeps rows. It is safe for concurrent use.
type Log struct {
	database Database
	wait     *waiting
	now      func() time.Time
	log      *zap.Logger

	mu sync.Mutex // of moving what waits
}

// New makes a Log, whose rows wait in a file of a folder while the database is away; empty: they
// are logged then, and nothing more.
func New(d Database, folder string, now func() time.Time, log *zap.Logger) *Log {
	return &Log{database: d, wait: newWaiting(folder), now: now, log: log}
}

// Add keeps a row, with an id and the time of now. It returns once the row is on a disk.
func (l *Log) Add(r Row) {
	r.At = l.now().UTC()
	r.ID = ulid.MustNewDefault(r.At).String()
	for _, text := range r.texts() {
		*text = storable(*text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), addWithin) // whoever asked may have left
	defer cancel()
	away := l.store(ctx, []Row{r})
	if away == nil {
		return
	}
	if err := l.wait.add(r); err != nil {
		l.log.Error("a change has no audit row but this one", zap.Any("row", r), zap.NamedError("database", away), zap.NamedError("file", err))
	}
}

func (l *Log) store(ctx context.Context, rows []Row) error {
	s, err := l.database.Open(ctx)
	if err != nil {
		return err
	}
	err = insert(ctx, s, rows)
	l.database.Wrote(s, err)
	return err
}

// Run moves rows that wait to the database, until ctx is done.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		_ = l.Move(ctx) // a database that is away is reported by others
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Move does so once.
func (l *Log) Move(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait.take(func(rows []Row, unreadable int) error {
		if err := l.store(ctx, rows); err != nil {
			return err
		}
		if unreadable > 0 {
			l.log.Error("audit rows that waited for the database cannot be read", zap.Int("lines", unreadable))
		}
		return nil
	})
}
