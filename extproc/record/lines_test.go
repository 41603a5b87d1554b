package record_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// full is a disk on which room is left for some lines.
type full struct {
	mu      sync.Mutex
	room    int
	written strings.Builder
}

func (f *full) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
	if rows := wholeRows(disk.written.String()); rows != room {
		t.Errorf("%d rows, want %d", rows, room)
	}
	if lost := counter(t, reg, "headgate_access_records_lost_total"); lost != exchanges-room {
		t.Errorf("%v rows are counted as lost, want %d", lost, exchanges-room)
	}
}

// wholeRows counts the lines that hold a row.
func wholeRows(text string) (n int) {
	for line := range strings.Lines(text) {
		if json.Valid([]byte(line)) && strings.HasSuffix(line, "\n") {
			n++
		}
	}
	return n
}

// TestARowFollowsATornOne holds that a row which could be written in part only costs
// no other: there is room again, and the next one is whole.
func TestARowFollowsATornOne(t *testing.T) {
	disk, reg := &full{}, prometheus.NewRegistry()
	j := record.NewJournal(disk, record.NewMetrics(reg), zap.NewNop())
	add := func() {
		ex := &exchange.Exchange{}
		ex.Response.Complete = true
		j.Add(ex, exchange.Outcome{Result: exchange.OK})
	}
	add()
	for counter(t, reg, "headgate_access_records_lost_total") == 0 {
		time.Sleep(time.Millisecond)
	}
	disk.mu.Lock()
	disk.room = 3 // one for the end of the torn line
	disk.mu.Unlock()
	add()
	add()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := j.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if rows, lost := wholeRows(disk.written.String()), counter(t, reg, "headgate_access_records_lost_total"); rows != 2 || lost != 1 {
		t.Errorf("%d rows, %v lost: %q", rows, lost, disk.written.String())
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
