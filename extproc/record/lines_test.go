package record_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// errDisk is an error after which no room is waited for.
var errDisk = errors.New("input/output error")

// full is a disk that takes some lines, and fails then.
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
			return n + 1, errDisk
		}
		f.room--
		n += len(line)
		f.written.WriteString(line)
	}
	return n, nil
}

// TestEachLostRowIsCounted holds that lines and lost rows are as many as rows,
// whatever the rows of one write were.
func TestEachLostRowIsCounted(t *testing.T) {
	const rows, room = 100, 30
	disk, reg := &full{room: room}, prometheus.NewRegistry()
	l := record.NewLines(disk, reg, zap.NewNop())
	for range rows {
		l.Take(&policypb.Row{})
	}
	end(t, l)
	if lines := wholeRows(disk.written.String()); lines != room {
		t.Errorf("%d lines, want %d", lines, room)
	}
	if lost := counter(t, reg, "headgate_access_records_lost_total"); lost != rows-room {
		t.Errorf("%v rows are counted as lost, want %d", lost, rows-room)
	}
}

// stuck is a disk that stands still until it is released.
type stuck struct {
	began   chan struct{} // closed when the first write has begun
	release chan struct{} // closed by the test
	once    sync.Once
	lines   atomic.Int64
}

func newStuck() *stuck {
	return &stuck{began: make(chan struct{}), release: make(chan struct{})}
}

func (s *stuck) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.began) })
	<-s.release
	s.lines.Add(int64(bytes.Count(b, []byte("\n"))))
	return len(b), nil
}

// TestAStuckDiskBlocksNoExchange holds that Take returns whatever the disk does, that the
// queue holds the rows of seconds, and that what finds no room there is counted and
// reported, while all that was taken is written once the disk goes on.
func TestAStuckDiskBlocksNoExchange(t *testing.T) {
	const burst, room, beyond = 1, 1 << 16, 10
	core, logs := observer.New(zap.ErrorLevel)
	disk, reg := newStuck(), prometheus.NewRegistry()
	l := record.NewLines(disk, reg, zap.New(core))
	l.Take(&policypb.Row{})
	<-disk.began
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		for range room + beyond {
			l.Take(&policypb.Row{})
		}
	}()
	select {
	case <-taken:
	case <-time.After(30 * time.Second):
		close(disk.release)
		t.Fatal("Take waits for the disk")
	}
	if lost := counter(t, reg, "headgate_access_records_lost_total"); lost != beyond {
		t.Errorf("%v rows are counted as lost, want %d", lost, beyond)
	}
	close(disk.release)
	end(t, l)
	if lines := disk.lines.Load(); lines != burst+room {
		t.Errorf("%d lines are written, want %d", lines, burst+room)
	}
	if logs.FilterField(zap.Int("lost", beyond)).Len() != 1 {
		t.Errorf("the log says %v", logs.All())
	}
}

// TestNoRowIsLostUncounted holds that each row which is taken while the writer ends, or
// afterwards, is written or counted.
func TestNoRowIsLostUncounted(t *testing.T) {
	const takers, rows = 8, 500
	disk, reg := newStuck(), prometheus.NewRegistry()
	close(disk.release)
	l := record.NewLines(disk, reg, zap.NewNop())
	var taking sync.WaitGroup
	for range takers {
		taking.Go(func() {
			for range rows {
				l.Take(&policypb.Row{})
			}
		})
	}
	<-disk.began
	end(t, l)
	l.Take(&policypb.Row{})
	taking.Wait()
	if lines, lost := disk.lines.Load(), counter(t, reg, "headgate_access_records_lost_total"); lines+int64(lost) != takers*rows+1 {
		t.Errorf("%d rows are written and %v counted as lost, of %d", lines, lost, takers*rows+1)
	}
}

// TestAStuckDiskDoesNotDelayTheEnd holds that Close gives up in time.
func TestAStuckDiskDoesNotDelayTheEnd(t *testing.T) {
	disk := newStuck()
	defer close(disk.release)
	l := record.NewLines(disk, prometheus.NewRegistry(), zap.NewNop())
	l.Take(&policypb.Row{})
	<-disk.began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// end closes the access log, which writes what is queued.
func end(t *testing.T, l *record.Lines) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
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
	l := record.NewLines(disk, reg, zap.NewNop())
	l.Take(&policypb.Row{})
	for counter(t, reg, "headgate_access_records_lost_total") == 0 {
		time.Sleep(time.Millisecond)
	}
	disk.mu.Lock()
	disk.room = 3 // one for the end of the torn line
	disk.mu.Unlock()
	l.Take(&policypb.Row{})
	l.Take(&policypb.Row{})
	end(t, l)
	if rows, lost := wholeRows(disk.written.String()), counter(t, reg, "headgate_access_records_lost_total"); rows != 2 || lost != 1 {
		t.Errorf("%d rows, %v lost: %q", rows, lost, disk.written.String())
	}
}

// leaky is a disk that takes so many bytes of each write, and then all.
type leaky struct {
	room    []int
	written strings.Builder
}

func (d *leaky) Write(b []byte) (int, error) {
	if len(d.room) == 0 {
		return d.written.Write(b)
	}
	n := d.room[0]
	d.room = d.room[1:]
	d.written.Write(b[:n])
	return n, errDisk
}

// TestATornRowStaysTorn holds that a torn line is ended, though nothing could be written
// in between.
func TestATornRowStaysTorn(t *testing.T) {
	disk, reg := &leaky{room: []int{5, 0}}, prometheus.NewRegistry()
	l := record.NewLines(disk, reg, zap.NewNop())
	for lost := range 2 {
		l.Take(&policypb.Row{})
		for counter(t, reg, "headgate_access_records_lost_total") == float64(lost) {
			time.Sleep(time.Millisecond)
		}
	}
	l.Take(&policypb.Row{})
	end(t, l)
	if rows := wholeRows(disk.written.String()); rows != 1 {
		t.Errorf("%d whole rows, want 1: %q", rows, disk.written.String())
	}
}

// refusing is a disk that fails for as long as it is asked to.
type refusing struct{ free atomic.Bool }

func (d *refusing) Write(b []byte) (int, error) {
	if d.free.Load() {
		return len(b), nil
	}
	return 0, errDisk
}

// TestAFailingDiskIsLoggedOnce holds that the log says as it begins and as it ends that access records
// are lost, and not for each of them.
func TestAFailingDiskIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		disk := &refusing{}
		l := record.NewLines(disk, prometheus.NewRegistry(), zap.New(core))
		take := func(rows int) {
			for range rows {
				l.Take(&policypb.Row{})
				time.Sleep(time.Second)
			}
		}
		take(3)
		disk.free.Store(true)
		take(2)
		disk.free.Store(false)
		take(1)
		disk.free.Store(true)
		take(20)
		end(t, l)
		var said []string
		for _, entry := range logs.All() {
			said = append(said, fmt.Sprint(entry.Message, " ", entry.ContextMap()["lost"]))
		}
		if want := []string{"access records are lost 1", "access records are written again 4"}; !slices.Equal(said, want) {
			t.Errorf("the log says %q, want %q", said, want)
		}
	})
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
