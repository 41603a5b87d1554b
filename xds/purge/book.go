package purge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/headgate/headgate/xds/store"
)

// MaxActive bounds how many purges are active at a time: each answer in a cache is held against all
// of them.
const MaxActive = 1000

const (
	// refreshEvery is how often the database is asked for what other control planes have purged.
	refreshEvery = 250 * time.Millisecond
	// within bounds one exchange with the database: one that hangs is one that is away.
	within = 5 * time.Second
)

// Database is where purges are kept, as store.Database.
type Database interface {
	// Open returns the database that is open now.
	Open(context.Context) (*store.Store, error)
	// Wrote takes note of what came of a write to it.
	Wrote(*store.Store, error)
}

// Options are what a Book needs. Its functions do not wait, and are called one at a time.
type Options struct {
	Database Database
	Active   func([]Purge) // takes which purges are active, the oldest first, whenever that has changed
	Now      func() time.Time
}

// Book keeps purges. It is safe for concurrent use. Its errors are Refusals, or of the database.
type Book struct {
	options Options

	turn    sync.Mutex // who has it asks the database, and hands on what is new
	known   bool       // Active was called
	version int64      // that it was called with
}

// New makes a Book, which hands nothing on until it runs.
func New(o Options) *Book { return &Book{options: o} }

// Run keeps up with other control planes until ctx is done. A database that is away is reported by
// others; what is known of it stays.
func (b *Book) Run(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		_ = b.Refresh(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Refresh asks the database once.
func (b *Book) Refresh(ctx context.Context) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	db, err := b.options.Database.Open(ctx)
	if err != nil {
		return err
	}
	version, err := versionOf(ctx, db)
	if err != nil {
		return fmt.Errorf("purges: %w", err)
	}
	if b.known && version == b.version {
		return nil
	}
	all, err := b.active(ctx, db.Read, db)
	if err != nil {
		return err
	}
	b.handOn(all, version)
	return nil
}

// handOn hands on which purges are active. The caller has the turn.
func (b *Book) handOn(all []Purge, version int64) {
	b.known, b.version = true, version
	b.options.Active(all)
}

// List returns the purges that are active, the oldest first.
func (b *Book) List(ctx context.Context) ([]Purge, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	db, err := b.options.Database.Open(ctx)
	if err != nil {
		return nil, err
	}
	return b.active(ctx, db.Read, db)
}

// Order makes a purge that has a selection, an author and a reason. Those before it that name
// nothing else it takes the place of. Once it is safe, and before anybody else hears of it, it is
// handed to ordered, which does not wait.
func (b *Book) Order(ctx context.Context, p Purge, ordered func(Purge)) error {
	if err := p.check(); err != nil {
		return err
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	db, err := b.options.Database.Open(ctx)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	made, err := b.change(bounded, db, p)
	if ctx.Err() == nil { // else whoever asked has left
		b.options.Database.Wrote(db, fault(err))
	}
	if err != nil {
		return err
	}
	ordered(made.purge)
	b.handOn(made.all, made.version)
	return nil
}
