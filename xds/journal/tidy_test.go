package journal

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

const oneDay = 24 * time.Hour

// kept are the days of the rows in a database, and of its partitions.
func kept(t *testing.T, s *store.Store) (days []string) {
	t.Helper()
	scan(t, s, "SELECT DISTINCT day FROM journal ORDER BY 1", 1, func(v []any) {
		days = append(days, time.Unix(v[0].(int64)*secondsOfDay, 0).UTC().Format("0102"))
	})
	return days
}

func rolledUp(t *testing.T, s *store.Store) (lines []string) {
	t.Helper()
	for _, span := range spans {
		lines = append(lines, span.stored(t, s)...)
	}
	return append(lines, dump(t, s, "SELECT * FROM rollup_cache ORDER BY hour, key", 15)...)
}

func partitions(t *testing.T, s *store.Store) []string {
	t.Helper()
	return dump(t, s, "SELECT relid::text FROM pg_partition_tree('journal') WHERE isleaf ORDER BY 1", 1)
}

// TestRowsGoWithTheirDay holds that those of days that ended longer ago than rows are kept go,
// those of all others stay, and rollups stay.
func TestRowsGoWithTheirDay(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		ctx, j := context.Background(), In(s)
		today := time.Now().UTC().Truncate(oneDay).Add(30 * oneDay) // the rows came long ago
		var rows []*policypb.Row
		for day := range 6 {
			for range piece/3 + 1 {
				rows = append(rows, exchange(today.Add(-time.Duration(day)*oneDay).Add(oneDay-time.Millisecond), "ann", 1))
			}
		}
		if err := j.Write(ctx, rows); err != nil {
			t.Fatal(err)
		}
		before := rolledUp(t, s)
		for range 2 {
			if err := j.Tidy(ctx, 3*oneDay, today.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		var want []string
		for day := range 4 {
			want = append(want, today.Add(-time.Duration(3-day)*oneDay).Format("0102"))
		}
		if got := kept(t, s); !slices.Equal(got, want) {
			t.Errorf("kept %v, want %v", got, want)
		}
		if got := rolledUp(t, s); !slices.Equal(got, before) {
			t.Errorf("rollups were %v, are %v", before, got)
		}
		left := slices.DeleteFunc(rows, func(r *policypb.Row) bool { return !began(r).After(today.Add(-3 * oneDay)) })
		if got := storedMarks(t, s); !slices.Equal(got, marksOf(entriesOf(left))) {
			t.Errorf("%d marks are left, want %d", len(got), len(marksOf(entriesOf(left))))
		}
		if !s.Postgres {
			return
		}
		var names []string
		for day := range 6 { // with those that are made ahead
			names = append(names, "journal_"+today.Add(time.Duration(day-3)*oneDay).Format("20060102"))
		}
		if got := partitions(t, s); !slices.Equal(got, names) {
			t.Errorf("partitions %v, want %v", got, names)
		}
	})
}

// TestLateRowsAreKept holds that those of a pair that was away are not dropped as they come,
// and are known if they come again.
func TestLateRowsAreKept(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		ctx, j := context.Background(), In(s)
		old := time.Now().Add(-200 * oneDay)
		rows := []*policypb.Row{exchange(old, "ann", 1), exchange(time.Unix(0, 0), "eve", 1)}
		for _, after := range []time.Duration{0, 6 * oneDay} {
			if err := j.Tidy(ctx, 90*oneDay, time.Now().Add(after)); err != nil {
				t.Fatal(err)
			}
			if err := j.Write(ctx, rows); err != nil {
				t.Fatal(err)
			}
		}
		holds(t, s, rows)
		if err := j.Tidy(ctx, 90*oneDay, time.Now().Add(late+2*touched*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := kept(t, s); len(got) > 0 {
			t.Errorf("a week later there are rows of %v", got)
		}
	})
}

// TestRollupsGoAfterYears holds that they do, and that rows kept longer keep them.
func TestRollupsGoAfterYears(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		ctx, j, now := context.Background(), In(s), time.Now()
		rows := []*policypb.Row{exchange(now, "ann", 1), exchange(now.Add(-KeepRollups).Add(-2*time.Hour), "ann", 1), exchange(now.Add(-KeepRollups-oneDay*40), "ann", 1)}
		for _, row := range rows {
			row.Cache = &policypb.CacheUse{Result: "miss"}
		}
		if err := j.Write(ctx, rows); err != nil {
			t.Fatal(err)
		}
		before := len(rolledUp(t, s))
		if err := j.Tidy(ctx, 3650*oneDay, now); err != nil {
			t.Fatal(err)
		}
		if n := len(rolledUp(t, s)); n != before {
			t.Errorf("%d of %d rollups are left", n, before)
		}
		if err := j.Tidy(ctx, 90*oneDay, now.Add(late+time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n := len(rolledUp(t, s)); n != before/3 {
			t.Errorf("%d of %d rollups are left, want %d", n, before, before/3)
		}
	})
}

// TestOneControlPlaneTidies holds that another leaves it to the one that is at it, and that
// whoever reads for long stops neither it nor those who write.
func TestOneControlPlaneTidies(t *testing.T) {
	ctx, stores := context.Background(), planes["PostgreSQL"](t)
	first, second := In(stores[0]), In(stores[1])
	if err := first.Write(ctx, []*policypb.Row{exchange(noon, "ann", 1)}); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(100 * oneDay)
	ran, err := stores[0].Alone(ctx, tidyLock, func(context.Context) error { return second.Tidy(ctx, oneDay, later) })
	if err != nil || !ran || len(kept(t, stores[0])) != 1 {
		t.Errorf("two tidied at once: %v %v", ran, err)
	}
	tx, err := stores[2].Read.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "SELECT * FROM journal"); err != nil {
		t.Fatal(err)
	}
	if err := second.Tidy(ctx, oneDay, later); err == nil {
		t.Error("a partition was dropped that is being read")
	}
	if err := first.Write(ctx, []*policypb.Row{exchange(noon, "eve", 1)}); err != nil {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := second.Tidy(ctx, oneDay, later); err != nil || len(kept(t, stores[0])) != 0 {
		t.Errorf("nothing is dropped once nobody reads: %v", err)
	}
}
