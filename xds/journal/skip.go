package journal

import (
	"context"
	"database/sql"
)

// skip goes on with the newest hour that may have an exchange that the filter wants.
func (w *walk) skip(ctx context.Context) error {
	wanted, now := w.filter.wanted(), w.at.moment()/hour
	if len(wanted) == 0 {
		return nil
	}
	var s statement
	s.add("SELECT MIN(newest) FROM (")
	for i, marks := range wanted {
		if i > 0 {
			s.add(" UNION ALL ")
		}
		newestOf(&s, marks, now)
	}
	s.add(") each")
	rows, err := w.journal.ask(ctx, &s)
	if err != nil {
		return err
	}
	var newest int64
	if err := each(rows, func(rows *sql.Rows) error { return rows.Scan(&newest) }); err != nil {
		return err
	}
	if newest < now {
		w.skipTo(max(w.end, (newest+1)*hour))
		w.look = few
	}
	return nil
}

// newestOf asks for the newest hour, up to one, that has one of the marks; -1: none has.
func newestOf(s *statement, marks []int64, upTo int64) {
	s.add("SELECT COALESCE(MAX((SELECT MAX(hour) FROM journal_mark WHERE mark = column1 AND hour <= ?)), -1) AS newest FROM (VALUES ", upTo)
	for i, m := range marks {
		if i > 0 {
			s.add(", ")
		}
		s.add("(CAST(? AS BIGINT))", m)
	}
	s.add(") marks")
}
