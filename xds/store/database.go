package store

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// timing of a Database. Tests have another.
type timing struct {
	backOff, maxBackOff time.Duration // between attempts to open
	check               time.Duration // between checks of what is open
	patience            time.Duration // of Open while the first attempt lasts
}

var usual = timing{backOff: 100 * time.Millisecond, maxBackOff: 5 * time.Second, check: 5 * time.Second, patience: 2 * time.Second}

// Database is the database that a policy names. It is opened in the background, for as long as
// that takes, and opened again if its place changes: until then the one before stays in use. It
// is safe for concurrent use.
type Database struct {
	timing  timing
	outage  outage
	ctx     context.Context // of everything in the background
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	place  Place         // that is wanted
	open   *opened       // nil: none
	tried  chan struct{} // closed once the first attempt to open has ended
	leave  context.CancelFunc
	before chan struct{} // closed once the place before is left
}

// New makes a Database, which is nowhere until it follows a place.
func New(reg prometheus.Registerer, log *zap.Logger) *Database { return newDatabase(usual, reg, log) }

func newDatabase(t timing, reg prometheus.Registerer, log *zap.Logger) *Database {
	d := &Database{timing: t, tried: make(chan struct{}), before: make(chan struct{}), leave: func() {}}
	d.outage = outage{log: log, since: time.Now()}
	close(d.before)
	d.ctx, d.stop = context.WithCancel(context.Background())
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_store_up",
		Help: "1 while the database that the policy names can be used."}, func() float64 {
		if d.Status().Trouble == "" {
			return 1
		}
		return 0
	}))
	return d
}

// Follow has the database of a place used in the place of the one before.
func (d *Database) Follow(p Place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p == d.place || d.ctx.Err() != nil {
		return
	}
	d.leave()
	ctx, leave := context.WithCancel(d.ctx)
	before, left := d.before, make(chan struct{})
	d.place, d.leave, d.before = p, leave, left
	d.running.Go(func() {
		defer close(left)
		<-before
		d.keep(ctx, p)
	})
}

// Close leaves the database.
func (d *Database) Close() error {
	d.stop()
	d.running.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.open
	d.open = nil
	if o == nil {
		return nil
	}
	return o.Close()
}

// Open returns the database that is open, as long as it is: a later one takes its place. An
// error is ErrUnavailable. While the first attempt to open it lasts, Open waits a little.
func (d *Database) Open(ctx context.Context) (*Store, error) {
	d.mu.Lock()
	o, nowhere := d.open, d.place == Place{}
	d.mu.Unlock()
	if o == nil && !nowhere {
		select {
		case <-d.tried:
		case <-time.After(d.timing.patience):
		case <-ctx.Done():
		case <-d.ctx.Done():
		}
		d.mu.Lock()
		o = d.open
		d.mu.Unlock()
	}
	if o == nil {
		return nil, &unavailable{why: d.Status().Trouble}
	}
	return o.Store, nil
}

// keep opens a place, and again if what is there changes, until ctx is done.
func (d *Database) keep(ctx context.Context, p Place) {
	if (p == Place{}) {
		d.use(nil)
		return
	}
	for wait := d.timing.backOff; ctx.Err() == nil; wait = min(2*wait, d.timing.maxBackOff) {
		o, err := p.open(ctx)
		if err == nil {
			d.use(o)
			d.watch(ctx, o)
			wait = d.timing.backOff / 2
			continue
		}
		if ctx.Err() == nil {
			d.outage.note(opening, err, d.meanwhile())
		}
		d.hasTried()
		sleep(ctx, wait)
	}
}

// use has a database used, and closes the one before.
func (d *Database) use(o *opened) {
	d.mu.Lock()
	before := d.open
	d.open = o
	d.mu.Unlock()
	d.hasTried()
	d.outage.begin()
	if before != nil {
		d.running.Go(func() { // which waits for what it is asked
			if err := before.Close(); err != nil {
				d.outage.log.Warn("closing the database before", zap.Error(err))
			}
		})
	}
	level := zap.InfoLevel
	if before == nil {
		level = zap.DebugLevel // as everything expects
	}
	if o != nil {
		d.outage.log.Log(level, "database opened", zap.String("kind", o.place.Kind()), zap.Stringer("place", o.place))
	}
}

// meanwhile is what happens while a place cannot be opened.
func (d *Database) meanwhile() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != nil {
		return keptBefore
	}
	return keptByPairs
}

func (d *Database) hasTried() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.tried:
	default:
		close(d.tried)
	}
}

// watch checks what is open until ctx is done, or something else is at its place.
func (d *Database) watch(ctx context.Context, o *opened) {
	for sleep(ctx, d.timing.check) {
		if o.moved() {
			return
		}
		within, cancel := context.WithTimeout(ctx, d.timing.check)
		err := o.Read.PingContext(within)
		cancel()
		if ctx.Err() == nil {
			d.outage.note(asking, err, keptByPairs)
		}
	}
}

// sleep reports whether the time has passed before ctx was done.
func sleep(ctx context.Context, t time.Duration) bool {
	select {
	case <-time.After(t):
		return true
	case <-ctx.Done():
		return false
	}
}
