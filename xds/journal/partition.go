package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/xds/store"
)

// makeAhead makes the partitions of today and of the next days.
func makeAhead(ctx context.Context, s *store.Store, now time.Time) error {
	return s.InPostgres(ctx, func(tx pgx.Tx) error {
		if err := lockWriters(ctx, tx); err != nil {
			return err
		}
		var days []int64
		for day := today(now); day <= today(now)+ahead; day++ {
			days = append(days, day)
		}
		return makeDays(ctx, tx, days, now.Unix())
	})
}

// makeDays makes the partitions that are missing, under the lock of writers. A partition that
// is made first and attached then stops no reader (PostgreSQL's manual, ALTER TABLE, ATTACH
// PARTITION).
func makeDays(ctx context.Context, tx pgx.Tx, days []int64, now int64) error {
	batch, missing := &pgx.Batch{}, []int64{}
	for _, day := range days {
		batch.Queue(addDayPostgres, day, now).Exec(func(done pgconn.CommandTag) error {
			if done.RowsAffected() > 0 {
				missing = append(missing, day)
			}
			return nil
		})
		batch.Queue(touchDayPostgres, now, day, now-touched)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	for _, day := range missing {
		name := partition(day)
		if _, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE %s (LIKE journal INCLUDING ALL)", name)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf("ALTER TABLE journal ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)", name, day, day+1)); err != nil {
			return err
		}
	}
	return nil
}

// dropPartition drops the rows of a day unless one came since. Whoever reads the journal for
// long is not waited for: the next time will do.
func dropPartition(ctx context.Context, s *store.Store, day, came int64) (dropped bool, err error) {
	err = s.InPostgres(ctx, func(tx pgx.Tx) error {
		if err := lockWriters(ctx, tx); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, "DELETE FROM journal_day WHERE day = $1 AND came < $2", day, came)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '1s'"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DROP TABLE "+partition(day)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, dropMarks); err != nil {
			return err
		}
		dropped = true
		return nil
	})
	return dropped && err == nil, err
}

// partition is the name of a day's.
func partition(day int64) string {
	return "journal_" + time.Unix(day*secondsOfDay, 0).UTC().Format("20060102")
}

func lockWriters(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", writeLock)
	return err
}
