package journal

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
)

// Database is where a journal is, as store.Database.
type Database interface {
	// Open returns the database that is open now.
	Open(context.Context) (*store.Store, error)
	// Wrote takes note of what came of a write to it.
	Wrote(*store.Store, error)
}

// Journal is safe for concurrent use.
type Journal struct {
	database Database
	log      *zap.Logger
	refused  prometheus.Counter
}

// New makes a journal in the database that is open.
func New(d Database, reg prometheus.Registerer, log *zap.Logger) *Journal {
	j := &Journal{database: d, log: log, refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_journal_refused_total",
		Help: "Exchanges that cannot be stored and are left out: 0."})}
	reg.MustRegister(j.refused)
	return j
}

// In makes a journal in one database.
func In(s *store.Store) *Journal { return New(only{s}, prometheus.NewRegistry(), zap.NewNop()) }

// only is a database that does not change.
type only struct{ store *store.Store }

func (o only) Open(context.Context) (*store.Store, error) { return o.store, nil }

func (o only) Wrote(*store.Store, error) {}

// writeWithin bounds a write: a database that hangs is one that is away.
const writeWithin = 30 * time.Second

// Write takes rows for good. What it has already it leaves as it is.
func (j *Journal) Write(ctx context.Context, rows []*policypb.Row) error {
	rows = slices.DeleteFunc(slices.Clone(rows), j.absurd)
	if len(rows) == 0 {
		return nil
	}
	s, err := j.database.Open(ctx)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	err = j.take(within, s, rows)
	if ctx.Err() == nil { // else whoever asked has left
		j.database.Wrote(s, err)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// take writes rows. One that the database will never take does not stop the others: it is
// found by halves, and left out.
func (j *Journal) take(ctx context.Context, s *store.Store, rows []*policypb.Row) error {
	err := write(ctx, s, entriesOf(rows))
	switch {
	case !s.Refuses(err):
		return err
	case len(rows) == 1:
		j.refuse(rows[0], err)
		return nil
	}
	half := len(rows) / 2
	if err := j.take(ctx, s, rows[:half]); err != nil {
		return err
	}
	return j.take(ctx, s, rows[half:])
}

// maxNumber is beyond what an exchange can consume or cost: 9 million USD. Sums of a thousand
// such are numbers still.
const maxNumber = 1 << 53

// absurd reports whether an exchange has a number with which sums would be none.
func (j *Journal) absurd(r *policypb.Row) bool {
	worst := int64(0)
	for _, e := range entriesOfOne(r) {
		a, sums := e.cacheAmounts(), e.sums()
		for _, n := range append([]int64{a.saved, a.sooner}, sums[:]...) {
			worst = max(worst, n, -(n + 1))
		}
	}
	for _, v := range r.Guards {
		for _, t := range v.Types {
			worst = max(worst, t.Count, -(t.Count + 1))
		}
		if !(math.Abs(v.Score) <= 1) { // what is no number, too, of which no JSON can be made
			worst = math.MaxInt64
		}
	}
	if s := r.Cache.GetSimilarity(); !(math.Abs(s) <= 1) {
		worst = math.MaxInt64
	}
	if worst > maxNumber {
		j.refuse(r, fmt.Errorf("a number of it is %d", worst))
	}
	return worst > maxNumber
}

func (j *Journal) refuse(r *policypb.Row, err error) {
	j.refused.Inc()
	j.log.Error("an exchange cannot be stored and is left out", zap.String("exchange", r.Exchange), zap.Error(err))
}

func write(ctx context.Context, s *store.Store, entries []entry) error {
	if s.Postgres {
		return writePostgres(ctx, s, entries)
	}
	return writeSQLite(ctx, s, entries)
}
