package record_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// full is a disk on which room is left for some lines.
type full struct {
	room    int
	written strings.Builder
}

func (f *full) Write(b []byte) (int, error) {
	n := 0
	for line := range strings.Lines(string(b)) {
		if f.room == 0 {
			f.written.WriteString(line[:1])
			return n + 1, errors.New("no space left on device")
		}
		f.room--
		n += len(line)
		f.written.WriteString(line)
	}
	return n, nil
}

// TestEachLostRowIsCounted holds that rows and lost rows are as many as exchanges,
// whatever the rows of one write were.
func TestEachLostRowIsCounted(t *testing.T) {
	const exchanges, room = 100, 30
	disk, reg := &full{room: room}, prometheus.NewRegistry()
	j := record.NewJournal(disk, record.NewMetrics(reg), zap.NewNop())
	for range exchanges {
		ex := &exchange.Exchange{}
		ex.Response.Complete = true
		j.Add(ex, exchange.Outcome{Result: exchange.OK})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := j.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(disk.written.String(), "\n"); rows != room {
		t.Errorf("%d rows, want %d", rows, room)
	}
	if lost := counter(t, reg, "headgate_access_records_lost_total"); lost != exchanges-room {
		t.Errorf("%v rows are counted as lost, want %d", lost, exchanges-room)
	}
}

// counter returns the value of a counter without labels.
func counter(t *testing.T, reg prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}
