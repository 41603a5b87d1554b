package journal

import (
	"context"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
)

// markDay makes the marks of a day's calls.
func markDay(t *testing.T, s *store.Store, day int64) {
	t.Helper()
	rows, err := s.Read.QueryContext(context.Background(), s.SQL(`SELECT began, asked, backend, dialect, failed_by, feature, model, operation, outcome, provider, reason, revision, served, session, team,
		status, duration, cost, unpriced, cached FROM journal WHERE day = ?`), day)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	set := map[placed]bool{}
	for rows.Next() {
		var began int64
		r, e := &policypb.Row{Cache: &policypb.CacheUse{}}, entry{kind: Call}
		if err := rows.Scan(&began, &r.Model, &e.backend, &r.Dialect, &r.By, &r.Feature, &r.Route, &r.Operation, &r.Outcome, &e.provider, &r.Reason, &r.Revision, &e.served, &r.Session, &r.Team,
			&r.Status, &r.DurationNanos, &e.cost, &e.unpriced, &r.Cache.Result); err != nil {
			t.Fatal(err)
		}
		e.Row, e.began = r, time.Unix(0, began)
		for _, m := range e.marks() {
			set[placed{m, began / hour}] = true
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	addMarks(t, s, set)
}

func addMarks(t *testing.T, s *store.Store, set map[placed]bool) {
	t.Helper()
	tx, err := s.Write.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() // an error says that it was committed
	for m := range set {
		if _, err := tx.ExecContext(context.Background(), s.SQL("INSERT INTO journal_mark (mark, hour) VALUES (?, ?)"), m.mark, m.hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
