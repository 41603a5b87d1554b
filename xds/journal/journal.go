package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

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
	database         Database
	sqlite, postgres statements
}

// statements are what the database is asked, in its own form.
type statements struct{ insert, lookUp, add string }

// rollupLock is the advisory lock of those who add to the rollups of a database.
const rollupLock = 0x6865616467617465

// New makes a journal in the database that is open.
func New(d Database) *Journal {
	return &Journal{database: d, sqlite: statementsOf(&store.Store{}), postgres: statementsOf(&store.Store{Postgres: true})}
}

// In makes a journal in one database.
func In(s *store.Store) *Journal { return New(only{s}) }

// only is a database that does not change.
type only struct{ store *store.Store }

func (o only) Open(context.Context) (*store.Store, error) { return o.store, nil }

func (o only) Wrote(*store.Store, error) {}

func statementsOf(s *store.Store) statements {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	lookUp := "SELECT first_token, duration FROM rollup WHERE " + keyText()
	return statements{
		insert: s.SQL("INSERT INTO journal (" + strings.Join(names, ", ") + ") VALUES (" + places(len(names)) + ") ON CONFLICT DO NOTHING"),
		lookUp: s.SQL(lookUp),
		add:    s.SQL(addText()),
	}
}

func (j *Journal) statements(s *store.Store) *statements {
	if s.Postgres {
		return &j.postgres
	}
	return &j.sqlite
}

// Write takes rows for good. What it has already it leaves as it is.
func (j *Journal) Write(ctx context.Context, rows []*policypb.Row) error {
	s, err := j.database.Open(ctx)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	err = j.write(ctx, s, rows)
	if ctx.Err() == nil { // else whoever asked has left
		j.database.Wrote(s, err)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *Journal) write(ctx context.Context, s *store.Store, rows []*policypb.Row) error {
	tx, err := s.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // an error says that it was committed
	if s.Postgres {     // one control plane adds up at a time: sketches are read and written
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", rollupLock); err != nil {
			return err
		}
	}
	fresh, err := j.insert(ctx, tx, j.statements(s), rows)
	if err == nil {
		err = j.addUp(ctx, tx, j.statements(s), rollups(fresh))
	}
	if err == nil {
		err = tx.Commit()
	}
	return err
}

// insert writes rows and returns those that were not there before.
func (j *Journal) insert(ctx context.Context, tx *sql.Tx, texts *statements, rows []*policypb.Row) (fresh []entry, err error) {
	insert, err := tx.PrepareContext(ctx, texts.insert)
	if err != nil {
		return nil, err
	}
	defer insert.Close() // ends with the transaction
	args := make([]any, len(columns))
	for _, r := range rows {
		for _, e := range entriesOf(r) {
			for i := range columns {
				args[i] = columns[i].of(&e)
			}
			done, err := insert.ExecContext(ctx, args...)
			if err != nil {
				return nil, err
			}
			if n, err := done.RowsAffected(); err != nil {
				return nil, err
			} else if n > 0 {
				fresh = append(fresh, e)
			}
		}
	}
	return fresh, nil
}
