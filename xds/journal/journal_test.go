package journal

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store/storetest"
)

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(*testing.T, *Journal)) {
	t.Run("SQLite", func(t *testing.T) { test(t, In(storetest.SQLite(t))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, In(storetest.Postgres(t))) })
}

func exchange(at time.Time, user string, nano int64) *policypb.Row {
	return &policypb.Row{
		Exchange: ulid.MustNewDefault(at).String(), BeganUnixNanos: at.UnixNano(), Route: "m", User: user, Backend: "b", Provider: "p",
		Outcome: "ok", Status: 200, Tokens: &policypb.Tokens{Input: 10, Output: 2}, UsageSource: "provider", CostNanoUsd: &nano, DurationNanos: 2e9,
		Tried: []*policypb.Attempt{{Backend: "a", Model: "x", Status: 200, Tokens: &policypb.Tokens{Input: 9}, CostNanoUsd: new(int64(7))}, {Backend: "b", Status: 200}},
	}
}

// TestRowsCountOnce holds so, however often their pairs send them.
func TestRowsCountOnce(t *testing.T) { onBoth(t, rowsCountOnce) }

func rowsCountOnce(t *testing.T, j *Journal) {
	ctx := context.Background()
	at := time.Date(2026, 6, 1, 10, 20, 0, 0, time.UTC)
	rows := []*policypb.Row{exchange(at, "ann", 100), exchange(at, "eve", 50), exchange(at.Add(time.Hour), "ann", 1)}
	for range 3 {
		if err := j.Write(ctx, rows); err != nil {
			t.Fatal(err)
		}
	}
	costs, err := j.Costs(ctx, Question{By: []string{"user", "backend"}, Since: at.Add(-time.Hour), Until: at.Add(2 * time.Hour), Latency: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range costs.Lines {
		got = append(got, fmt.Sprint(l.Of, l.Requests, l.Nano, l.Tokens.Input, l.Duration.P50 > 1.9))
	}
	want := []string{"[ann b] 2 101 20 true", "[eve b] 1 50 10 true", "[ann a] 0 14 18 false", "[eve a] 0 7 9 false"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAnExchangeHasOneCall holds so of an exchange of which two rows come that do not know of the
// same attempts: after a power cut a pair may send an estimate of what it had sent already.
func TestAnExchangeHasOneCall(t *testing.T) {
	onBoth(t, func(t *testing.T, j *Journal) {
		at := time.Date(2026, 6, 1, 10, 20, 0, 0, time.UTC)
		known := exchange(at, "ann", 100)
		estimate := proto.CloneOf(known)
		estimate.Tried, estimate.Attempts, estimate.UsageSource, estimate.CostNanoUsd = known.Tried[:1], 1, "estimated", new(int64(999))
		for _, row := range []*policypb.Row{known, estimate} {
			if err := j.Write(context.Background(), []*policypb.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		report, err := j.Costs(context.Background(), Question{Since: at, Until: at.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if total := report.Total; total.Requests != 1 || total.Nano != 107 {
			t.Errorf("%d requests and %d nano-USD, want 1 and 107", total.Requests, total.Nano)
		}
	})
}
