// Package replica has the control planes that share a database of PostgreSQL know of each other:
// how many pairs each has, and what those do not ask.
//
// The promise: what is known at one is known at all within two seconds. The trap: clocks differ,
// so a row's age is reckoned by the database's, and what is in it is relative. While the database
// is away what was known stays.
package replica

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/store"
)

const (
	every = time.Second
	// gone is after how long without a word a control plane counts as gone.
	gone = 10 * time.Second
	// within bounds one exchange with the database.
	within = 5 * time.Second
)

// Database is what the control planes share, as store.Database.
type Database interface {
	Open(context.Context) (*store.Store, error)
}

// Pairs are those of this control plane, as pair.Server.
type Pairs interface {
	Own() *pairpb.Fleet
	Others(*pairpb.Fleet)
}

// Replica is this control plane among the others.
type Replica struct {
	id       string
	database Database
	pairs    Pairs
}

// New makes a Replica, which says nothing until it runs.
func New(d Database, p Pairs) *Replica { return &Replica{id: rand.Text(), database: d, pairs: p} }

// Run says what is known here and takes in what the others say, until ctx is done. A database
// that is away is reported by others.
func (r *Replica) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = r.Meet(ctx)
		case <-ctx.Done():
			r.leave()
			return
		}
	}
}

// Meet does so once. A database that one control plane has for itself is left alone.
func (r *Replica) Meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s, err := r.database.Open(ctx)
	if err != nil {
		return err
	}
	if !s.Postgres {
		r.pairs.Others(nil)
		return nil
	}
	state, err := proto.Marshal(r.pairs.Own())
	if err != nil {
		return fmt.Errorf("replica: %w", err)
	}
	if _, err := s.Write.ExecContext(ctx, `INSERT INTO replica (id, at, state) VALUES ($1, clock_timestamp(), $2)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, state = excluded.state`, r.id, state); err != nil {
		return fmt.Errorf("replica: saying what is known: %w", err)
	}
	others, err := r.others(ctx, s)
	if err != nil {
		return fmt.Errorf("replica: asking what others know: %w", err)
	}
	r.pairs.Others(others)
	return nil
}

// others is what all other control planes know.
func (r *Replica) others(ctx context.Context, s *store.Store) (*pairpb.Fleet, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT (EXTRACT(EPOCH FROM clock_timestamp() - at) * 1e9)::BIGINT, state FROM replica
WHERE id <> $1 AND at > clock_timestamp() - make_interval(secs => $2)`, r.id, gone.Seconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close() // Err says all
	all := &pairpb.Fleet{}
	for rows.Next() {
		var age int64
		var state []byte
		if err := rows.Scan(&age, &state); err != nil {
			return nil, err
		}
		one := &pairpb.Fleet{}
		if err := proto.Unmarshal(state, one); err != nil {
			return nil, err
		}
		add(all, one, age)
	}
	return all, rows.Err()
}

// add adds what a control plane said an age ago.
func add(all, one *pairpb.Fleet, age int64) {
	all.Pairs += one.GetPairs()
	for _, o := range one.GetOrdered() {
		o.AgeNanos += age
		all.Ordered = append(all.Ordered, o)
	}
	for _, o := range one.GetElsewhere() {
		o.AgeNanos += age
		if o.LeftNanos > 0 {
			if o.LeftNanos -= age; o.LeftNanos <= 0 {
				continue
			}
		}
		all.Elsewhere = append(all.Elsewhere, o)
	}
}

// leave says that this control plane is gone, and takes out those that never said so.
func (r *Replica) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), every)
	defer cancel()
	s, err := r.database.Open(ctx)
	if err != nil || !s.Postgres {
		return
	}
	_, _ = s.Write.ExecContext(ctx, `DELETE FROM replica WHERE id = $1 OR at < clock_timestamp() - INTERVAL '1 hour'`, r.id) // it counts as gone anyway
}
