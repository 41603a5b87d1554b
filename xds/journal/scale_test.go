package journal

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// scaleDays is how long ago the first row of a large journal is.
const scaleDays = 90

// TestScale makes a journal of HEADGATE_SCALE rows within each database and prints how long
// each question takes: a cost less than a second, a page of exchanges less than 200 ms.
func TestScale(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("HEADGATE_SCALE"))
	if err != nil {
		t.Skip("make scale runs it")
	}
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		began, now := time.Now(), time.Now().UTC().Truncate(time.Hour)
		fill(t, s, n, now)
		kind := map[bool]string{true: "PostgreSQL", false: "SQLite"}[s.Postgres]
		fmt.Printf("%s: %s in %.0f s\n", kind, strings.Join(dump(t, s, "SELECT (SELECT COUNT(*) FROM journal), 'rows', (SELECT COUNT(*) FROM rollup), 'rollups'", 4), ""), time.Since(began).Seconds())
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		defer w.Flush()
		fmt.Fprintln(w, "QUESTION\tFIRST ms\tAGAIN ms\tBOUND ms")
		for _, q := range questions(In(s), now) {
			first, again := asked(t, q), median(t, q)
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", q.name, first.Milliseconds(), again.Milliseconds(), q.bound.Milliseconds())
			if again > q.bound {
				t.Errorf("%s: %v, want less than %v", q.name, again, q.bound)
			}
		}
	})
}

// scaled is a question to a large journal.
type scaled struct {
	name  string
	bound time.Duration
	ask   func(context.Context) error
}

func asked(t *testing.T, q scaled) time.Duration {
	t.Helper()
	began := time.Now()
	if err := q.ask(context.Background()); err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	return time.Since(began)
}

// median is how long a question takes that is asked again.
func median(t *testing.T, q scaled) time.Duration {
	all := make([]time.Duration, 5)
	for i := range all {
		all[i] = asked(t, q)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// The row of number g of a day: two numbers that look random, and what follows from them.
const (
	scaleRows = `SELECT g, a, b, u, g % 3000000 = 1500000 AS rare, (u + b / 2 % 2) % 6 AS m, day * 86400000 + b % 86400000 AS ms, day FROM (
		SELECT g, a, b, 300 * (a % 1000) * (a % 1000) / 1000000 AS u, day FROM (
			SELECT g, (g * 2654435761) % 4294967296 AS a, (g * 1597334677 + 12345) % 4294967296 AS b, DAY AS day FROM (NUMBERS) n) x) y`
	letters = "'0123456789ABCDEFGHJKMNPQRSTVWXYZ'"
)

// scaleValues is what such a row has in a column, if not ” or 0.
var scaleValues = map[string]string{
	"attempt": "0", "kind": "'call'", "day": "day", "began": "ms * 1000000", "revision": "'0123456789ab'", "dialect": "'openai'", "operation": "'chat'",
	"asked": "'model' || m", "model": rarely("rare", "'model' || m"), "username": rarely("rare", "'user' || u"), "team": rarely("rare", "'team' || (u % 20)"),
	"feature": rarely("rare", "'feature' || ((u * 7 + b % 2) % 10)"), "session": rarely("rare", ""),
	"provider": "'provider' || (m % 3)", "backend": rarely("rare", "'backend' || m"), "served": "'model' || m || '-2026'", "response": "'chatcmpl-' || a || b",
	"stream": "b % 2", "status": "CASE WHEN rare THEN 504 WHEN a % 50 = 0 THEN 503 WHEN a % 50 = 1 THEN 400 ELSE 200 END",
	"outcome":   rarely("deadline", "CASE a % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'refused' ELSE 'ok' END"),
	"failed_by": rarely("gateway", "CASE a % 50 WHEN 0 THEN 'provider' WHEN 1 THEN 'client' ELSE '' END"), "attempts": "1", "request_bytes": "b % 100000",
	"duration": "CASE WHEN rare THEN 600000000000 ELSE b % 2000 * 10000000 END", "first_token": "b % 2000 * 1000000", "input": "b % 5000", "output": "a % 1000",
	"usage_source": "CASE b % 1000 WHEN 0 THEN 'estimated' ELSE 'provider' END", "guessed": "CASE b % 1000 WHEN 0 THEN 1 ELSE 0 END", "cost": "CASE WHEN rare THEN 100000000000 ELSE a % 10000000 END", "unpriced": "CASE WHEN rare THEN 1 ELSE 0 END", "price": "'p-1'",
	"cached": rarely("verified", "CASE b % 20 WHEN 0 THEN '' WHEN 1 THEN 'hit' ELSE 'miss' END"), "saved": "CASE b % 20 WHEN 1 THEN a % 10000000 ELSE 0 END",
	"tried":  `'[{"backend":"backend0","provider":"provider0","model":"model0-2026","status":200,"began_nanos":120000,"duration_nanos":800000000}]'`,
	"stages": `'[{"stage":"route","phase":"request","duration_nanos":9000},{"stage":"meter","phase":"request","duration_nanos":3000},{"stage":"provider","phase":"attempt","duration_nanos":41000}]'`,
}

// rarely is a text in three rows of ten million, and else another.
func rarely(text, other string) string {
	return "CASE WHEN rare THEN '" + text + "' ELSE " + cmp.Or(other, "''") + " END"
}

// scaleExchange is an id that carries its time, as ULIDs do.
func scaleExchange() string {
	var b strings.Builder
	for shift := 45; shift >= 0; shift -= 5 {
		fmt.Fprintf(&b, "substr(%s, CAST((ms >> %d) & 31 AS INTEGER) + 1, 1) || ", letters, shift)
	}
	return b.String() + "substr(CAST(10000000000000000 + a * 1000003 + g AS TEXT), 2, 16)"
}

// numbered are columns that hold no text.
var numbered = []string{"stream", "status", "attempts", "request_bytes", "duration", "first_token", "input", "cache_read", "cache_write_5m",
	"cache_write_1h", "audio_input", "output", "reasoning", "audio_output", "searches", "guessed", "cost", "saved", "unpriced"}

func scaleSelect() string {
	list := make([]string, len(columns))
	for i, c := range columns {
		switch value := scaleValues[c.name]; {
		case c.name == "exchange":
			list[i] = scaleExchange()
		case value != "":
			list[i] = value
		case slices.Contains(numbered, c.name):
			list[i] = "0"
		default:
			list[i] = "''"
		}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + scaleRows + ") r ORDER BY ms"
}

// fill makes a journal within the database.
func fill(t *testing.T, s *store.Store, n int, now time.Time) {
	t.Helper()
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := s.Write.ExecContext(context.Background(), s.SQL(text), args...); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	indexes := droppedIndexes(t, s)
	for day := today(now) - scaleDays + 1; day <= today(now); day++ {
		into, from := "journal", int64(n)/scaleDays*(day-today(now)+scaleDays)
		numbers := fmt.Sprintf("WITH RECURSIVE n(g) AS (SELECT %d UNION ALL SELECT g + 1 FROM n LIMIT %d) SELECT g FROM n", from, n/scaleDays)
		exec("INSERT INTO journal_day (day, came) VALUES (?, ?)", day, now.Unix())
		if s.Postgres {
			into, numbers = partition(day), fmt.Sprintf("SELECT g::bigint FROM generate_series(%d, %d) g", from, from+int64(n/scaleDays)-1)
			exec("CREATE TABLE " + into + " (LIKE journal INCLUDING DEFAULTS)")
		}
		exec("INSERT INTO " + into + " (" + columnNames + ") " + strings.NewReplacer("DAY", fmt.Sprintf("CAST(%d AS BIGINT)", day), "NUMBERS", numbers).Replace(scaleSelect()))
		if s.Postgres {
			exec(fmt.Sprintf("ALTER TABLE journal ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)", into, day, day+1))
		}
	}
	for _, index := range indexes {
		exec(index)
	}
	for day := today(now) - scaleDays + 1; day <= today(now); day++ {
		markDay(t, s, day)
	}
	addUpWithin(s, exec)
	if s.Postgres { // does so by itself; SQLite has no statistics unless somebody asks for them
		exec("ANALYZE")
	}
}

// droppedIndexes drops those of SQLite, and returns how they are made again.
func droppedIndexes(t *testing.T, s *store.Store) (again []string) {
	t.Helper()
	if s.Postgres {
		return nil
	}
	again = dump(t, s, "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'journal' AND sql IS NOT NULL", 1)
	for _, name := range dump(t, s, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'journal' AND sql IS NOT NULL", 1) {
		if _, err := s.Write.ExecContext(context.Background(), "DROP INDEX "+name); err != nil {
			t.Fatal(err)
		}
	}
	return again
}

// addUpWithin makes the rollups of rows, with sketches that have measured something.
func addUpWithin(s *store.Store, exec func(string, ...any)) {
	r := newRollup()
	for i := range 20 {
		_ = r.first.Add(float64(i) / 10) // never negative
		_ = r.duration.Add(float64(i))
	}
	by := strings.Join(dimensions[:], ", ")
	key := "CAST(" + strings.Join(dimensions[:], " || ',' || ") + " AS BLOB)"
	if s.Postgres {
		key = "decode(md5(" + strings.Join(dimensions[:], " || ',' || ") + "), 'hex')"
	}
	for _, span := range spans {
		of := fmt.Sprintf("began / %d", span.seconds*int64(time.Second))
		exec("INSERT INTO "+span.table+" ("+span.column+", key, "+by+", "+strings.Join(sums[:], ", ")+", first_token, duration) SELECT "+of+", "+key+", "+by+", "+
			sumsIn(source{})+", ?, ? FROM journal GROUP BY "+of+", "+by+" ORDER BY "+of, encoded(r.first), encoded(r.duration))
	}
}
