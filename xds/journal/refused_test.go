package journal

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// TestTextsOfAnySortAreStored holds that what a client calls itself stops no row.
func TestTextsOfAnySortAreStored(t *testing.T) { onBoth(t, textsOfAnySortAreStored) }

func textsOfAnySortAreStored(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for _, text := range []string{"", "\x00", "a\x00b", "\ufffd", strings.Repeat("\U0001f600", 4000), strings.Repeat("x", 1<<16), "'; DROP TABLE journal; --", "?", "$1", "\\", "\u202e"} {
		row := exchange(noon, text, 1)
		row.Team, row.Feature, row.Session, row.Detail, row.Served = text, text, text, text, text
		row.Tags, row.Dropped, row.Stages = []string{text}, []string{text}, []*policypb.StageTime{{Stage: text}}
		rows = append(rows, row)
	}
	for range 2 {
		if err := j.Write(context.Background(), rows); err != nil {
			t.Fatal(err)
		}
	}
	s, err := j.database.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, rows)
}

// TestARowThatCannotBeStoredStopsNoOther holds that it is left out, counted and logged.
func TestARowThatCannotBeStoredStopsNoOther(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		core, logs := observer.New(zap.ErrorLevel)
		j := New(only{s}, prometheus.NewRegistry(), zap.New(core))
		full, rows := exchange(noon, "eve", 1), make([]*policypb.Row, 20)
		if err := j.Write(context.Background(), []*policypb.Row{full}); err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			rows[i] = exchange(noon, "ann", 1)
		}
		good := append(slices.Clone(rows), full)
		rows[3], rows[11] = exchange(noon, "eve", 1), exchange(noon, "zoe", 1)
		rows[3].Tokens.Input, rows[11].CostNanoUsd = math.MaxInt64, new(int64(math.MinInt64))
		want := []string{rows[3].Exchange, rows[11].Exchange}
		if s.Postgres { // whose sums are not out of range in silence
			if _, err := s.Write.ExecContext(context.Background(), "UPDATE rollup SET output = 9223372036854775807 WHERE username = 'eve' AND backend = 'b'"); err != nil {
				t.Fatal(err)
			}
			rows[17] = exchange(noon, "eve", 1)
			want = append(want, rows[17].Exchange)
		}
		if err := j.Write(context.Background(), rows); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range logs.All() {
			got = append(got, l.ContextMap()["exchange"].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("logged %v, want %v", got, want)
		}
		if _, err := s.Write.ExecContext(context.Background(), "UPDATE rollup SET output = 2 WHERE username = 'eve' AND backend = 'b'"); err != nil {
			t.Fatal(err)
		}
		good[3], good[11], good[17] = good[0], good[0], rows[17]
		if s.Postgres {
			good[17] = good[0]
		}
		holds(t, s, good)
	})
}

// TestDaysOfAllTimesAreStored holds that a clock that is wrong costs no row.
func TestDaysOfAllTimesAreStored(t *testing.T) {
	onBoth(t, func(t *testing.T, j *Journal) {
		var rows []*policypb.Row
		for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 0), noon, noon.AddDate(100, 0, 0), time.UnixMilli(1<<48 - 1), noon.Truncate(24 * time.Hour), noon.Truncate(24 * time.Hour).Add(-1)} {
			rows = append(rows, exchange(at, "ann", 1))
		}
		for _, nanos := range []int64{math.MinInt64, -1, 0, math.MaxInt64} {
			row := exchange(noon, "ann", 1)
			row.Exchange, row.BeganUnixNanos = "7d0f9f43-8a5c-4c0f-9c8f-2d6d5a3f1e0"+string(rune('a'+len(rows))), nanos
			rows = append(rows, row)
		}
		if err := j.Write(context.Background(), rows); err != nil {
			t.Fatal(err)
		}
		s, err := j.database.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		holds(t, s, rows)
	})
}

var _ Database = (*store.Database)(nil)
