package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/policypb"
)

// BenchmarkWrite measures how many rows a second a database takes, of pairs that send batches
// of a size at once. Rows are of 50 users in 5 teams, 3 models and the hour that is now.
func BenchmarkWrite(b *testing.B) {
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		for _, c := range []struct{ pairs, batch int }{{1, 1}, {1, 100}, {1, 1000}, {4, 1000}} {
			b.Run(fmt.Sprintf("%s/pairs=%d/batch=%d", kind, c.pairs, c.batch), func(b *testing.B) {
				s := planes[kind](b)[0]
				j := In(s)
				var sent sync.WaitGroup
				share := b.N/c.pairs + 1
				work := make([][]*policypb.Row, c.pairs)
				for i := range work {
					work[i] = busyRows(rand.New(rand.NewPCG(1, uint64(i))), share)
				}
				b.ResetTimer()
				for _, rows := range work {
					sent.Go(func() {
						for len(rows) > 0 {
							n := min(c.batch, len(rows))
							if err := j.Write(context.Background(), rows[:n]); err != nil {
								b.Error(err)
							}
							rows = rows[n:]
						}
					})
				}
				sent.Wait()
				b.ReportMetric(float64(share*c.pairs)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// busyRows are exchanges of a fleet that is in use.
func busyRows(r *rand.Rand, n int) []*policypb.Row {
	now := time.Now()
	rows := make([]*policypb.Row, n)
	for i := range rows {
		row := exchange(now, fmt.Sprintf("user%d", r.IntN(50)), r.Int64N(1e7))
		row.Tried = row.Tried[1:]
		row.Team, row.Route = fmt.Sprintf("team%d", r.IntN(5)), fmt.Sprintf("model%d", r.IntN(3))
		row.Stages = []*policypb.StageTime{{Stage: "route", Phase: "request", DurationNanos: 1000}, {Stage: "provider", Phase: "attempt", DurationNanos: 30000}}
		row.DurationNanos, row.FirstTokenNanos = r.Int64N(2e10), new(r.Int64N(2e9))
		rows[i] = row
	}
	return rows
}
