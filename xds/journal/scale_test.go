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

func questions(j *Journal, now time.Time) (all []scaled) {
	cost := func(by string, span time.Duration, only map[string][]string, latency bool) {
		q := Question{By: strings.Split(by, ","), Since: now.Add(-span), Only: only, Latency: latency}
		name := fmt.Sprintf("cost --by %s --since %.0fh", by, span.Hours())
		if only != nil {
			name += fmt.Sprint(" --only ", only)
		}
		if latency {
			name += " --latency"
		}
		all = append(all, scaled{name, time.Second, func(ctx context.Context) error {
			_, err := j.Costs(ctx, q)
			return err
		}})
	}
	page := func(name string, f Filter) {
		next := ""
		turn := func(from *string) func(context.Context) error {
			return func(ctx context.Context) error {
				p, err := j.Exchanges(ctx, f, *from, 50)
				if err == nil && *from == "" {
					next = p.Next
				}
				return err
			}
		}
		all = append(all, scaled{"exchanges " + name, 200 * time.Millisecond, turn(new(""))},
			scaled{"  the next page", 200 * time.Millisecond, turn(&next)})
	}
	cost("user,model", time.Hour, nil, false)
	cost("user,model", 24*time.Hour, nil, false)
	cost("model", 24*time.Hour, nil, true)
	cost("hour", 7*24*time.Hour, nil, false)
	cost("team", 30*24*time.Hour, nil, false)
	cost("user", 30*24*time.Hour, nil, false)
	cost("feature", 30*24*time.Hour, map[string][]string{"team": {"team3"}}, false)
	cost("provider,backend", 30*24*time.Hour, nil, false)
	cost("day", scaleDays*24*time.Hour, nil, false)
	cost("month", scaleDays*24*time.Hour, map[string][]string{"model": {"model2"}}, false)
	cost("model", 24*time.Hour+17*time.Minute, nil, false) // cuts an hour
	month := now.Add(-720 * time.Hour)
	page("", Filter{})
	page("of an hour, a month ago", Filter{Since: month, Until: month.Add(time.Hour)})
	page("before a month ago", Filter{Until: month})
	page("--user user7", Filter{Is: is("user", "user7")})
	page("--user user7 --user user8", Filter{Is: is("user", "user7", "user8")})
	page("--model model3", Filter{Is: is("model", "model3")})
	page("--backend backend3 --user user7", Filter{Is: map[string][]string{"backend": {"backend3"}, "user": {"user7"}}})
	page("--failed", Filter{Failed: true})
	page("--failed-by client", Filter{Is: is("failed_by", "client")})
	page("--failed-by client, before a month ago", Filter{Is: is("failed_by", "client"), Until: month})
	page("--outcome refused", Filter{Is: is("outcome", "refused")})
	page("--status 5xx", Filter{Statuses: [][2]int{{500, 599}}})
	page("--slower 19s", Filter{Slower: 19 * time.Second})
	page("--dearer 0.009", Filter{Dearer: 9e6})
	page("--estimated", Filter{Estimated: true})
	page("--estimated --model model3", Filter{Estimated: true, Is: is("model", "model3")})
	// Three rows of ten million, and none.
	for _, field := range []string{"user", "team", "feature", "session", "model", "backend"} {
		page("--"+field+" rare", Filter{Is: is(field, "rare")})
		page("--"+field+" none", Filter{Is: is(field, "none")})
	}
	page("--outcome deadline", Filter{Is: is("outcome", "deadline")})
	page("--failed-by gateway", Filter{Is: is("failed_by", "gateway")})
	page("--status 504", Filter{Statuses: [][2]int{{504, 504}}})
	page("--slower 1m", Filter{Slower: time.Minute})
	page("--dearer 1", Filter{Dearer: 1e9})
	page("--dearer 1000", Filter{Dearer: 1e12})
	page("--unpriced", Filter{Unpriced: true})
	page("--estimated --outcome deadline", Filter{Estimated: true, Is: is("outcome", "deadline")})
	// Each of the two is in every hour, and no row has both.
	page("--failed-by client --status 503", Filter{Is: is("failed_by", "client"), Statuses: [][2]int{{503, 503}}})
	page("--team team1 --user user2", Filter{Is: map[string][]string{"team": {"team1"}, "user": {"user2"}}})
	page("--backend backend0 --model model1", Filter{Is: map[string][]string{"backend": {"backend0"}, "model": {"model1"}}})
	return all
}

func is(field string, values ...string) map[string][]string {
	return map[string][]string{field: values}
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
	"usage_source": "CASE b % 1000 WHEN 0 THEN 'estimated' ELSE 'provider' END", "cost": "CASE WHEN rare THEN 100000000000 ELSE a % 10000000 END", "unpriced": "CASE WHEN rare THEN 1 ELSE 0 END", "price": "'p-1'",
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
	"cache_write_1h", "audio_input", "output", "reasoning", "audio_output", "searches", "cost", "unpriced"}

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
	exec("ANALYZE")
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
