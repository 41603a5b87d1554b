package record_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// crowded is a disk that has room for some bytes.
type crowded struct {
	mu      sync.Mutex
	room    int
	written strings.Builder
}

func (d *crowded) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(b), d.room)
	d.room -= n
	d.written.Write(b[:n])
	if n < len(b) {
		return n, &os.PathError{Op: "write", Path: "access.jsonl", Err: syscall.ENOSPC}
	}
	return n, nil
}

func (d *crowded) free(bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// TestRowsWaitForRoom holds that rows for which a disk has no room are written whole once it has,
// that this is logged as it begins and as it ends, and said meanwhile.
func TestRowsWaitForRoom(t *testing.T) {
	for _, room := range []int{0, 1, 100} { // bytes: also of a line in part
		synctest.Test(t, func(t *testing.T) {
			core, logs := observer.New(zap.InfoLevel)
			disk, reg := &crowded{room: room}, prometheus.NewRegistry()
			l := record.NewLines(disk, reg, zap.New(core))
			changes := 0
			l.OnTrouble(func() { changes++ })
			for i := range 40 {
				l.Take(&policypb.Row{Exchange: fmt.Sprint("e", i)})
				time.Sleep(time.Second)
			}
			if said := l.Trouble(); !strings.Contains(said, "no space left on device; ") || !strings.Contains(said, " records wait") {
				t.Errorf("the trouble is %q", said)
			}
			disk.free(1 << 20)
			time.Sleep(5 * time.Second)
			if said := l.Trouble(); said != "" {
				t.Errorf("the trouble is %q", said)
			}
			for range 20 {
				l.Take(&policypb.Row{Exchange: "later"})
				time.Sleep(time.Second)
			}
			end(t, l)
			text := disk.written.String()
			for i := range 40 {
				if n := strings.Count(text, fmt.Sprintf("%q", fmt.Sprint("e", i))); n != 1 {
					t.Errorf("room %d: row %d is written %d times", room, i, n)
				}
			}
			if rows, lost := wholeRows(text), counter(t, reg, "headgate_access_records_lost_total"); rows != 60 || lost != 0 || changes != 2 {
				t.Errorf("room %d: %d rows, %v lost, %d changes", room, rows, lost, changes)
			}
			var said []string
			for _, entry := range logs.All() {
				said = append(said, entry.Message)
			}
			if want := []string{"access records wait for room on the disk", "access records are written again"}; !slices.Equal(said, want) {
				t.Errorf("the log says %q", said)
			}
		})
	}
}

// TestTheEndWaitsForNoRoom holds that Close does not wait for a full disk, and that what is lost by
// that is counted.
func TestTheEndWaitsForNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, reg := &crowded{}, prometheus.NewRegistry()
		l := record.NewLines(disk, reg, zap.NewNop())
		for range 9 {
			l.Take(&policypb.Row{})
			time.Sleep(10 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
		if lost := counter(t, reg, "headgate_access_records_lost_total"); lost != 9 {
			t.Errorf("%v rows are counted as lost", lost)
		}
	})
}
