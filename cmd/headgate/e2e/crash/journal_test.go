package crash

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/headgate/headgate/extproc/sim"
)

// row is one of the journal.
type row struct {
	exchange, kind, mark, feature, operation string
	backend, response, outcome, detail       string
	source                                   string // who counted
	status                                   int    // that the client got; 0: none
	tokens                                   sim.Usage
	cost                                     int64
}

// openSQLite opens a database that other processes write to.
func openSQLite(t *testing.T, path string) *sql.DB {
	return openDatabase(t, "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
}

func openDatabase(t *testing.T, driver, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

var columns = []string{"exchange", "kind", "session", "feature", "operation", "backend", "response", "outcome", "detail", "usage_source", "status",
	"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output", "COALESCE(cost, 0)"}

// journalOf reads what the journal has of chats.
func journalOf(db *sql.DB) (all []row, err error) {
	rows, err := db.QueryContext(context.Background(), "SELECT "+strings.Join(columns, ", ")+" FROM journal WHERE operation = 'chat'")
	if err != nil {
		return nil, fmt.Errorf("the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		u := &r.tokens
		if err := rows.Scan(&r.exchange, &r.kind, &r.mark, &r.feature, &r.operation, &r.backend, &r.response, &r.outcome, &r.detail, &r.source, &r.status,
			&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.AudioInput, &u.Output, &u.Reasoning, &u.AudioOutput, &r.cost); err != nil {
			return nil, fmt.Errorf("the journal: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
