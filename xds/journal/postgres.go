package journal

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/xds/store"
)

// writeLock is the advisory lock of those who write to a journal: rows are numbered in the
// order in which they can be seen, and sketches are read and written.
const writeLock = 0x6865616467617465

// A connection keeps a table of its own for what comes: COPY cannot leave out what is there
// already.
var (
	makeIncoming = "CREATE TEMPORARY TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS AS SELECT " + columnNames + " FROM journal WITH NO DATA"
	takeIncoming = "INSERT INTO journal (" + columnNames + ") SELECT " + columnNames + " FROM incoming ORDER BY day, exchange, attempt, kind ON CONFLICT DO NOTHING RETURNING exchange, attempt, kind"
)

var (
	postgres         = &store.Store{Postgres: true}
	addDayPostgres   = postgres.SQL(addDay)
	touchDayPostgres = postgres.SQL(touchDay)
)

// writePostgres writes entries and adds them up.
func writePostgres(ctx context.Context, s *store.Store, entries []entry) error {
	return s.InPostgres(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, makeIncoming); err != nil {
			return err
		}
		from := pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) { return entries[i].values(), nil })
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"incoming"}, strings.Split(columnNames, ", "), from); err != nil {
			return err
		}
		if err := lockWriters(ctx, tx); err != nil {
			return err
		}
		if err := makeDays(ctx, tx, daysOf(entries), time.Now().Unix()); err != nil {
			return err
		}
		inserted, err := takeAll(ctx, tx)
		if err != nil {
			return err
		}
		fresh := since(entries, inserted)
		for _, span := range spans {
			if err := span.addUpPostgres(ctx, tx, fresh); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeAll moves what came into the journal, and returns the keys of what was not there before.
func takeAll(ctx context.Context, tx pgx.Tx) (map[key]bool, error) {
	rows, err := tx.Query(ctx, takeIncoming)
	if err != nil {
		return nil, err
	}
	inserted := map[key]bool{}
	var k key
	_, err = pgx.ForEachRow(rows, []any{&k.exchange, &k.attempt, &k.kind}, func() error {
		inserted[k] = true
		return nil
	})
	return inserted, err
}

func (s *span) addUpPostgres(ctx context.Context, tx pgx.Tx, entries []entry) error {
	all, lookUps, adds := s.rollups(entries), &pgx.Batch{}, &pgx.Batch{}
	lookUp, add := postgres.SQL(s.lookUp), postgres.SQL(s.add)
	for _, r := range all {
		lookUps.Queue(lookUp, r.at, r.key).QueryRow(func(row pgx.Row) error {
			var first, duration []byte
			err := row.Scan(&first, &duration)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			return r.merge(first, duration)
		})
	}
	if err := tx.SendBatch(ctx, lookUps).Close(); err != nil {
		return err
	}
	for _, r := range all {
		adds.Queue(add, r.values()...)
	}
	return tx.SendBatch(ctx, adds).Close()
}
