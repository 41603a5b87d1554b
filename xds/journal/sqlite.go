package journal

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/headgate/headgate/xds/store"
)

// writeSQLite writes entries and adds them up. SQLite has one writer at a time.
func writeSQLite(ctx context.Context, s *store.Store, entries []entry) error {
	tx, err := s.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // an error says that it was committed
	now := time.Now().Unix()
	for _, day := range daysOf(entries) {
		if _, err := tx.ExecContext(ctx, addDay, day, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, touchDay, now, day, now-touched); err != nil {
			return err
		}
	}
	fresh, err := insertSQLite(ctx, tx, entries)
	if err != nil {
		return err
	}
	for _, span := range spans {
		if err := span.addUpSQLite(ctx, tx, fresh); err != nil {
			return err
		}
	}
	if err := addGuardsSQLite(ctx, tx, fresh); err != nil {
		return err
	}
	if err := addCacheSQLite(ctx, tx, fresh); err != nil {
		return err
	}
	if err := addMarksSQLite(ctx, tx, fresh); err != nil {
		return err
	}
	return tx.Commit()
}

func addMarksSQLite(ctx context.Context, tx *sql.Tx, entries []entry) error {
	add, err := tx.PrepareContext(ctx, "INSERT INTO journal_mark (mark, hour) VALUES (?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	defer add.Close() // ends with the transaction
	for _, m := range marksOf(entries) {
		if _, err := add.ExecContext(ctx, m.mark, m.hour); err != nil {
			return err
		}
	}
	return nil
}

// insertSQLite returns the entries that were not there before.
func insertSQLite(ctx context.Context, tx *sql.Tx, entries []entry) (fresh []entry, err error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO journal ("+columnNames+") VALUES ("+places(len(columns))+") ON CONFLICT DO NOTHING")
	if err != nil {
		return nil, err
	}
	defer insert.Close() // ends with the transaction
	for i := range entries {
		done, err := insert.ExecContext(ctx, entries[i].values()...)
		if err != nil {
			return nil, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if n > 0 {
			fresh = append(fresh, entries[i])
		}
	}
	return fresh, nil
}

func (s *span) addUpSQLite(ctx context.Context, tx *sql.Tx, entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	lookUp, err := tx.PrepareContext(ctx, s.lookUp)
	if err != nil {
		return err
	}
	defer lookUp.Close()
	add, err := tx.PrepareContext(ctx, s.add)
	if err != nil {
		return err
	}
	defer add.Close()
	for _, r := range s.rollups(entries) {
		var first, duration []byte
		err := lookUp.QueryRowContext(ctx, r.at, r.key).Scan(&first, &duration)
		if err == nil {
			err = r.merge(first, duration)
		} else if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err == nil {
			_, err = add.ExecContext(ctx, r.values()...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
