//go:build !race

package record_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// TestCountingAllocatesNothing holds that the metrics of an exchange that goes well take no memory once
// their series are there.
func TestCountingAllocatesNothing(t *testing.T) {
	m := record.NewMetrics(prometheus.NewRegistry())
	row := lone(exchange.OK, "", 200, func(r *policypb.Row) {
		r.FirstTokenNanos, r.Dropped = new(int64(1)), []string{"seed", "messages[1].name"}
	})
	m.Take(row)
	if n := testing.AllocsPerRun(100, func() { m.Take(row) }); n > 0 {
		t.Errorf("%v allocations for each row", n)
	}
}
