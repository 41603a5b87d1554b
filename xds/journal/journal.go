package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
)

// Journal is safe for concurrent use.
type Journal struct {
	store *store.Store
	sql   statements
}

// statements are what the database is asked, in its own form.
type statements struct{ insert, lookUp, add string }

// rollupLock is the advisory lock of those who add to the rollups of a database.
const rollupLock = 0x6865616467617465

// New makes a journal in a database.
func New(s *store.Store) *Journal {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	lookUp := "SELECT first_token, duration FROM rollup WHERE " + keyText()
	return &Journal{store: s, sql: statements{
		insert: s.SQL("INSERT INTO journal (" + strings.Join(names, ", ") + ") VALUES (" + places(len(names)) + ") ON CONFLICT DO NOTHING"),
		lookUp: s.SQL(lookUp),
		add:    s.SQL(addText()),
	}}
}

// Write takes rows for good. What it has already it leaves as it is.
func (j *Journal) Write(ctx context.Context, rows []*policypb.Row) error {
	tx, err := j.store.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer tx.Rollback()   // an error says that it was committed
	if j.store.Postgres { // one control plane adds up at a time: sketches are read and written
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", rollupLock); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	fresh, err := j.insert(ctx, tx, rows)
	if err == nil {
		err = j.addUp(ctx, tx, rollups(fresh))
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// insert writes rows and returns those that were not there before.
func (j *Journal) insert(ctx context.Context, tx *sql.Tx, rows []*policypb.Row) (fresh []entry, err error) {
	insert, err := tx.PrepareContext(ctx, j.sql.insert)
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
