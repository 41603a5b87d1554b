package record

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
)

// maxQueued is how many rows may wait for the writer. A disk that hangs costs
// none at a thousand exchanges a second for a minute, and at ten thousand for six
// seconds. A row is about 1 KB of memory while it waits.
const maxQueued = 1 << 16

// maxBurst is how many bytes of lines are enough for one write.
const maxBurst = 1 << 20

// gather is how long the writer waits for more rows after the first: one write for
// all of them costs a tenth of a wake-up and a write for each.
const gather = 2 * time.Millisecond

var _ Sink = (*Lines)(nil)

// Lines is the sink that writes the access log: one JSON line for each row, in the order
// in which they came. Every row that it takes is written or counted as lost: what a full disk
// has no room for waits for it, and is lost only once the queue is full or Close comes. It is
// safe for concurrent use. Close must be called, and writes what is still waiting.
type Lines struct {
	out    io.Writer
	lost   prometheus.Counter
	stop   chan struct{} // closed by Close: write what is queued, then end
	done   chan struct{} // closed when the writer has ended
	torn   bool          // the writer's: the last line that was written is not whole
	next   *lineEncoder  // the writer's: the lines of the next write
	losing losing        // the writer's

	trouble trouble

	mu      sync.Mutex // never held while something may block
	closed  bool
	dropped int // since the writer reported it
	rows    chan *policypb.Row
}

// NewLines starts the only writer to out.
func NewLines(out io.Writer, reg prometheus.Registerer, log *zap.Logger) *Lines {
	l := &Lines{
		out: out, losing: losing{log: log},
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_access_records_lost_total",
			Help: "Access records that could not be written."}),
		next: newLineEncoder(),
		rows: make(chan *policypb.Row, maxQueued),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	reg.MustRegister(l.lost)
	go l.write()
	return l
}

// Take implements Sink. A row is lost if the queue is full, and after Close.
func (l *Lines) Take(row *policypb.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.lost.Inc()
		return
	}
	select {
	case l.rows <- row:
	default:
		l.lost.Inc()
		l.dropped++
	}
}

// write is the only writer. The rows of one burst leave in one write.
func (l *Lines) write() {
	defer close(l.done)
	timer := time.NewTimer(gather)
	for {
		select {
		case row := <-l.rows:
			timer.Reset(gather)
			select {
			case <-timer.C:
			case <-l.stop:
			}
			l.burst(row)
		case <-l.stop:
			l.rest()
			return
		}
	}
}

// rest writes what is queued when no more can come.
func (l *Lines) rest() {
	for {
		select {
		case row := <-l.rows:
			l.burst(row)
		default:
			return
		}
	}
}

// burst writes a row and what is queued after it in one go. After a torn line it
// begins a new one.
func (l *Lines) burst(row *policypb.Row) {
	l.next.Reset()
	if l.torn {
		l.next.WriteByte('\n')
	}
	l.next.add(row)
	rows := 1
	for more := true; more && l.next.Len() < maxBurst; {
		select {
		case row := <-l.rows:
			l.next.add(row)
			rows++
		default:
			more = false
		}
	}
	l.flush(rows)
	l.reportDropped(errSlow)
}

// flush writes the lines of so many rows, as soon as there is room for them.
func (l *Lines) flush(rows int) {
	lines, written := l.next.Bytes(), 0
	for {
		n, err := l.out.Write(lines[written:])
		written += n
		if err == nil {
			l.torn = false
			l.trouble.over()
			l.losing.wrote()
			return
		}
		if noRoom(err) && l.wait(err) {
			continue
		}
		l.torn = written > 0 && lines[written-1] != '\n' || written == 0 && l.torn
		lost := rows - bytes.Count(bytes.TrimLeft(lines[:written], "\n"), []byte("\n"))
		l.lost.Add(float64(lost))
		l.losing.note(lost, err)
		return
	}
}

// wait waits until it is time to look for room again, and reports whether that is still of use.
func (l *Lines) wait(err error) bool {
	l.losing.waits(err)
	l.reportDropped(err)
	l.trouble.begin(err)
	select {
	case <-time.After(roomAgain):
		return true
	case <-l.stop:
		return false
	}
}

// reportDropped says what the queue had no room for while the writer was busy.
func (l *Lines) reportDropped(why error) {
	l.mu.Lock()
	dropped := l.dropped
	l.dropped = 0
	l.mu.Unlock()
	l.losing.note(dropped, why)
}

// Trouble says what keeps rows from being written; empty: nothing.
func (l *Lines) Trouble() string {
	why := l.trouble.why.Load()
	if why == nil {
		return ""
	}
	return fmt.Sprintf("the access log has no room: %s; %d records wait, and are lost beyond %d", *why, len(l.rows)+1, maxQueued)
}

// OnTrouble has a function called whenever Trouble begins or ends. It must not block.
func (l *Lines) OnTrouble(changed func()) { l.trouble.notify.Store(&changed) }

// Close writes what is queued and ends the writer. It is called once.
func (l *Lines) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("writing the last access records: %w", ctx.Err())
	}
}
