package journal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/store"
)

const (
	// KeepRollups is how long rollups are kept, unless rows are kept longer.
	KeepRollups = 3 * 366 * 24 * time.Hour
	// late is how long the rows of a day are kept at least since the last of them came: a pair
	// that was away sends them late, and may send them again.
	late = 7 * 24 * time.Hour
	// ahead is how many days have their partition before they begin.
	ahead = 2
)

// tidyLock is the advisory lock of the control plane that tidies.
const tidyLock = 0x6865616474696479

// Tidy drops rows of days that ended longer ago than they are kept, and the rollups of hours
// long past. Of several control planes one does it at a time.
func (j *Journal) Tidy(ctx context.Context, retention time.Duration, now time.Time) error {
	s, err := j.database.Open(ctx)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = s.Alone(ctx, tidyLock, func(ctx context.Context) error { return j.tidy(ctx, s, retention, now) })
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *Journal) tidy(ctx context.Context, s *store.Store, retention time.Duration, now time.Time) error {
	if s.Postgres {
		if err := makeAhead(ctx, s, now); err != nil {
			return err
		}
	}
	came := now.Add(-min(retention, late)).Unix()
	days, err := expired(ctx, s, today(now.Add(-retention)), came)
	if err != nil {
		return err
	}
	for _, day := range days {
		dropped, err := dropDay(ctx, s, day, came)
		if err != nil {
			return err
		}
		if dropped {
			j.log.Info("rows of a day were dropped: they are older than their retention", zap.String("day", time.Unix(day*secondsOfDay, 0).UTC().Format(time.DateOnly)), zap.Duration("retention", retention))
		}
	}
	for _, span := range append(slices.Clone(spans), guardSpan, cacheSpan) {
		if err := span.dropRollups(ctx, s, now.Add(-max(retention, KeepRollups)).Unix()); err != nil {
			return err
		}
	}
	return nil
}

// expired are days before one of which no row came since.
func expired(ctx context.Context, s *store.Store, before, came int64) (days []int64, err error) {
	rows, err := s.Read.QueryContext(ctx, s.SQL("SELECT day FROM journal_day WHERE day < ? AND came < ? ORDER BY day"), before, came)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	for rows.Next() {
		var day int64
		if err := rows.Scan(&day); err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	return days, rows.Err()
}

// dropDay drops the rows of a day unless one came since.
func dropDay(ctx context.Context, s *store.Store, day, came int64) (bool, error) {
	if s.Postgres {
		return dropPartition(ctx, s, day, came)
	}
	for {
		if some, err := deleteSome(ctx, s, day, came); !some || err != nil {
			return !some, err
		}
	}
}

// piece is how many rows SQLite deletes at once, for which those who write wait.
const piece = 500

// deleteSome deletes a piece of a day, and the day with its last row. It reports whether there
// may be more.
func deleteSome(ctx context.Context, s *store.Store, day, came int64) (more bool, err error) {
	done, err := s.Write.ExecContext(ctx, `DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE day = ?
		AND EXISTS (SELECT 1 FROM journal_day WHERE day = ? AND came < ?) LIMIT ?)`, day, day, came, piece)
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); n > 0 || err != nil {
		return true, err
	}
	if _, err := s.Write.ExecContext(ctx, "DELETE FROM journal_day WHERE day = ? AND came < ?", day, came); err != nil {
		return false, err
	}
	_, err = s.Write.ExecContext(ctx, dropMarks)
	return false, err
}

// dropMarks drops those of hours whose rows are gone, in a statement beside which nobody writes.
const dropMarks = "DELETE FROM journal_mark WHERE hour / 24 NOT IN (SELECT day FROM journal_day)"

// dropRollups drops those before a moment whose rows are gone, a day at a time.
func (sp *span) dropRollups(ctx context.Context, s *store.Store, before int64) error {
	inDay := secondsOfDay / sp.seconds
	old := fmt.Sprintf(" FROM %s WHERE %s < ? AND %s / %d NOT IN (SELECT day FROM journal_day)", sp.table, sp.column, sp.column, inDay)
	for {
		var first *int64
		if err := s.Read.QueryRowContext(ctx, s.SQL("SELECT MIN("+sp.column+")"+old), before/sp.seconds).Scan(&first); err != nil || first == nil {
			return err
		}
		if _, err := s.Write.ExecContext(ctx, s.SQL("DELETE"+old), min(before/sp.seconds, *first+inDay)); err != nil {
			return err
		}
	}
}
