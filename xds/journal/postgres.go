package journal

import (
	"context"
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
		if err := addGuardsPostgres(ctx, tx, fresh); err != nil {
			return err
		}
		if err := addCachePostgres(ctx, tx, fresh); err != nil {
			return err
		}
		return addMarksPostgres(ctx, tx, fresh)
	})
}

func addMarksPostgres(ctx context.Context, tx pgx.Tx, entries []entry) error {
	var marks, hours []int64
	for _, m := range marksOf(entries) {
		marks, hours = append(marks, m.mark), append(hours, m.hour)
	}
	_, err := tx.Exec(ctx, "INSERT INTO journal_mark (mark, hour) SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING", marks, hours)
	return err
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

// addUpPostgres adds rollups by two statements, with a list for each column.
func (s *span) addUpPostgres(ctx context.Context, tx pgx.Tx, entries []entry) error {
	all := s.rollups(entries)
	if len(all) == 0 {
		return nil
	}
	byKey, at, keys := make(map[string]*rollup, len(all)), make([]int64, len(all)), make([][]byte, len(all))
	for i, r := range all {
		at[i], keys[i] = r.at, r.key
		byKey[r.name()] = r
	}
	rows, err := tx.Query(ctx, s.lookUpAll, at, keys)
	if err != nil {
		return err
	}
	var found rollup
	var first, duration []byte
	if _, err := pgx.ForEachRow(rows, []any{&found.at, &found.key, &first, &duration}, func() error {
		return byKey[found.name()].merge(first, duration)
	}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, s.addAll, lists(all)...)
	return err
}

// lists are the values of rollups by column, in the order of newSpan.
func lists(all []*rollup) []any {
	at, keys, of, numbers := make([]int64, len(all)), make([][]byte, len(all)), [len(dimensions)][]string{}, [len(sums)][]int64{}
	first, duration := make([][]byte, len(all)), make([][]byte, len(all))
	for i, r := range all {
		at[i], keys[i] = r.at, r.key
		first[i], duration[i] = encoded(r.first), encoded(r.duration)
		for d := range of {
			of[d] = append(of[d], r.of[d])
		}
		for n := range numbers {
			numbers[n] = append(numbers[n], r.sums[n])
		}
	}
	out := []any{at, keys}
	for _, list := range of {
		out = append(out, list)
	}
	for _, list := range numbers {
		out = append(out, list)
	}
	return append(out, first, duration)
}
