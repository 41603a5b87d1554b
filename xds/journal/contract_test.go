package journal

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// planes opens one database of each kind by several control planes.
var planes = map[string]func(testing.TB) []*store.Store{
	"SQLite": func(t testing.TB) []*store.Store {
		path := filepath.Join(t.TempDir(), "headgate.db")
		return opened(t, func() (*store.Store, error) { return store.OpenSQLite(context.Background(), path) })
	},
	"PostgreSQL": func(t testing.TB) []*store.Store {
		url := storetest.PostgresURL(t)
		return opened(t, func() (*store.Store, error) { return store.OpenPostgres(context.Background(), url) })
	},
}

func opened(t testing.TB, open func() (*store.Store, error)) (all []*store.Store) {
	for range 3 {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		all = append(all, s)
	}
	return all
}

// TestAnyOrderLeavesTheSameRows holds that rows that are sent any number of times, in any
// order, by several control planes at once, some of which are cut off while they write, leave
// each row once, and rollups that are the sum of the rows.
func TestAnyOrderLeavesTheSameRows(t *testing.T) {
	for name, open := range planes {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, 0))
				rows := make([]*policypb.Row, 120)
				for i := range rows {
					rows[i] = randomRow(r)
					if i%2 == 0 { // of one group
						rows[i] = exchange(noon, "ann", r.Int64N(1e9))
					}
					rows[i].Guards = randomVerdicts(r)
				}
				stores := open(t)
				var writing sync.WaitGroup
				for i, s := range stores {
					r := rand.New(rand.NewPCG(seed, uint64(i)+1))
					share := len(rows) / len(stores)
					batches := slices.Concat(shuffled(r, rows[i*share:][:share]), shuffled(r, rows))
					writing.Go(func() { send(t, In(s), batches) })
				}
				writing.Wait()
				holds(t, stores[0], rows)
			})
		}
	}
}

// batch is what is sent at once.
type batch struct {
	rows []*policypb.Row
	cut  time.Duration // the sender waits so long for the first answer; 0: for ever
}

// shuffled are batches in which each row comes at least once.
func shuffled(r *rand.Rand, rows []*policypb.Row) (all []batch) {
	rest := slices.Concat(rows, rows[:r.IntN(len(rows))])
	r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for len(rest) > 0 {
		n := min(1+r.IntN(20), len(rest))
		b := batch{rows: rest[:n]}
		if r.IntN(3) == 0 {
			b.cut = time.Duration(1 + r.Int64N(int64(10*time.Millisecond)))
		}
		all, rest = append(all, b), rest[n:]
	}
	return all
}

// send writes batches, each until it is taken, and some of them once more.
func send(t *testing.T, j *Journal, batches []batch) {
	for i, b := range batches {
		if b.cut > 0 {
			ctx, cancel := context.WithTimeout(context.Background(), b.cut)
			_ = j.Write(ctx, b.rows) // whether it was taken is not known
			cancel()
		}
		if err := j.Write(context.Background(), b.rows); err != nil {
			t.Error(err)
		}
		if i%3 == 2 {
			if err := j.Write(context.Background(), batches[i-2].rows); err != nil {
				t.Error(err)
			}
		}
	}
}

// holds compares what is stored with rows that were sent.
func holds(t *testing.T, s *store.Store, rows []*policypb.Row) {
	t.Helper()
	entries := entriesOf(rows)
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Exchange, b.Exchange), cmp.Compare(a.attempt, b.attempt), cmp.Compare(a.kind, b.kind))
	})
	var want []string
	for _, e := range entries {
		want = append(want, line(e.values()))
	}
	// COLLATE: PostgreSQL's order is that of the language else.
	collate := map[bool]string{true: ` COLLATE "C"`}[s.Postgres]
	got := dump(t, s, "SELECT "+columnNames+" FROM journal ORDER BY exchange"+collate+", attempt, kind"+collate, len(columns))
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("rows (-sent +stored):\n%s", diff)
	}
	for _, span := range spans {
		if diff := gocmp.Diff(span.summed(entries), span.stored(t, s)); diff != "" {
			t.Fatalf("%s (-of rows +stored):\n%s", span.table, diff)
		}
	}
	var guards []string
	for _, r := range guardRollups(entries) {
		guards = append(guards, line(r.values()))
	}
	if diff := gocmp.Diff(guards, dump(t, s, "SELECT * FROM rollup_guard ORDER BY hour, key", 12)); diff != "" {
		t.Fatalf("rollups of guards (-of rows +stored):\n%s", diff)
	}
	var cache []string
	for _, r := range cacheRollups(entries) {
		cache = append(cache, line(r.values()))
	}
	if diff := gocmp.Diff(cache, dump(t, s, "SELECT * FROM rollup_cache ORDER BY hour, key", 15)); diff != "" {
		t.Fatalf("rollups of the cache (-of rows +stored):\n%s", diff)
	}
	if diff := gocmp.Diff(marksOf(entries), storedMarks(t, s), gocmp.AllowUnexported(placed{})); diff != "" {
		t.Fatalf("marks (-of rows +stored):\n%s", diff)
	}
}

func storedMarks(t *testing.T, s *store.Store) (all []placed) {
	t.Helper()
	scan(t, s, "SELECT mark, hour FROM journal_mark ORDER BY mark, hour", 2, func(v []any) { all = append(all, placed{v[0].(int64), v[1].(int64)}) })
	return all
}

// dump reads a table, a text for each row.
func dump(t *testing.T, s *store.Store, text string, columns int) (lines []string) {
	t.Helper()
	scan(t, s, text, columns, func(values []any) { lines = append(lines, line(values)) })
	return lines
}

func scan(t *testing.T, s *store.Store, text string, columns int, f func([]any)) {
	t.Helper()
	rows, err := s.Read.QueryContext(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values, to := make([]any, columns), make([]any, columns)
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		f(values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// line is a row as text, whatever types its database has.
func line(values []any) string {
	var all []string
	for _, v := range values {
		if n, ok := v.(*int64); ok {
			v = sql.Null[int64]{}
			if n != nil {
				v = *n
			}
		}
		if v == nil {
			v = sql.Null[int64]{}
		}
		all = append(all, fmt.Sprintf("%v", v))
	}
	return strings.Join(all, "|")
}

// summed are the rollups of entries, as text: sketches by how much they have measured.
func (sp *span) summed(entries []entry) (lines []string) {
	for _, r := range sp.rollups(entries) {
		lines = append(lines, line(append(r.values()[:len(r.values())-2], measured(r))))
	}
	slices.Sort(lines)
	return lines
}

// stored are the rollups in a database.
func (sp *span) stored(t *testing.T, s *store.Store) (lines []string) {
	names := slices.Concat([]string{sp.column, "key"}, dimensions[:], sums[:], []string{"first_token", "duration"})
	scan(t, s, "SELECT "+strings.Join(names, ", ")+" FROM "+sp.table, len(names), func(values []any) {
		r, n := newRollup(), len(names)-2
		if err := r.merge(values[n].([]byte), values[n+1].([]byte)); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line(append(values[:n], measured(r))))
	})
	slices.Sort(lines)
	return lines
}

// measured is what the sketches of a rollup have in each of their buckets.
func measured(r *rollup) string {
	var b strings.Builder
	r.first.ForEach(func(value, count float64) bool { fmt.Fprintf(&b, " %.6g:%v", value, count); return false })
	b.WriteString(" /")
	r.duration.ForEach(func(value, count float64) bool { fmt.Fprintf(&b, " %.6g:%v", value, count); return false })
	return b.String()
}
