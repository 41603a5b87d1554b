package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/exchange"
)

// Wait is how long the row of an exchange that broke off waits for Envoy's
// account of it. Entries come 4 to 54 ms after the end.
const Wait = 2 * time.Second

// queued is how many closed rows may wait for the writer. A full queue makes the
// end of an exchange wait, never its answer.
const queued = 4096

// gather is how long the writer waits for more rows after the first: one write for
// all of them costs a tenth of a wake-up and a write for each.
const gather = 2 * time.Millisecond

// Journal writes rows as JSON lines and counts them. It is safe for concurrent
// use. Close must be called, and writes what is still waiting.
type Journal struct {
	out     io.Writer
	log     *zap.Logger
	metrics *Metrics
	rows    chan *Row
	stop    chan struct{} // closed by Close: write what is queued, then end
	done    chan struct{} // closed when the writer has ended
	torn    bool          // the writer's: the last line that was written is not whole

	mu      sync.Mutex
	closed  bool
	waiting map[string]*held
	early   map[string]Ending // entries that came before their stream's end
}

// held is a row that waits for its ending.
type held struct {
	row     *Row
	outcome exchange.Outcome
	timer   *time.Timer
}

// NewJournal starts a journal that writes to out.
func NewJournal(out io.Writer, metrics *Metrics, log *zap.Logger) *Journal {
	j := &Journal{
		out: out, log: log, metrics: metrics,
		rows:    make(chan *Row, queued),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		waiting: make(map[string]*held),
		early:   make(map[string]Ending),
	}
	go j.write()
	return j
}

// Add closes the row of an exchange, or keeps it until Envoy's account comes
// where the outcome is not certain.
func (j *Journal) Add(ex *exchange.Exchange, o exchange.Outcome) {
	row := rowOf(ex)
	if certain(ex, o) {
		j.close(row, o)
		return
	}
	j.mu.Lock()
	if e, ok := j.early[row.Exchange]; ok || j.closed {
		delete(j.early, row.Exchange)
		j.mu.Unlock()
		if ok {
			j.metrics.endings.WithLabelValues("joined").Inc()
			o = settle(row, &e, o)
		}
		j.close(row, o)
		return
	}
	h := &held{row: row, outcome: o}
	h.timer = time.AfterFunc(Wait, func() { j.expire(row.Exchange) })
	j.waiting[row.Exchange] = h
	j.mu.Unlock()
}

// certain tells whether the stream alone says how the exchange ended: its whole
// answer was seen, or Headgate made it. What Envoy answered itself is not.
func certain(ex *exchange.Exchange, o exchange.Outcome) bool {
	if ex.Refused.Action != exchange.Pass || ex.Replaced.Action != exchange.Pass {
		return true
	}
	return ex.Response.Complete && !ex.Response.Local
}

// Ending takes Envoy's account of an exchange. One that nobody waits for is kept
// for Wait, because entry and end of stream come in either order.
func (j *Journal) Ending(e Ending) {
	j.mu.Lock()
	h, ok := j.waiting[e.Exchange]
	if ok {
		delete(j.waiting, e.Exchange)
		h.timer.Stop()
	} else if !j.closed {
		j.early[e.Exchange] = e
		time.AfterFunc(Wait, func() { j.forget(e.Exchange) })
	}
	j.mu.Unlock()
	if ok {
		j.metrics.endings.WithLabelValues("joined").Inc()
		j.close(h.row, settle(h.row, &e, h.outcome))
	}
}

// settle completes a row with what only Envoy knows.
func settle(row *Row, e *Ending, o exchange.Outcome) exchange.Outcome {
	if e.Code > 0 {
		row.Status = e.Code
	}
	row.Attempts = max(row.Attempts, e.Attempts)
	return e.outcome(o)
}

func (j *Journal) forget(id string) {
	j.mu.Lock()
	delete(j.early, id)
	j.mu.Unlock()
}

// expire closes a row for which no entry came.
func (j *Journal) expire(id string) {
	j.mu.Lock()
	h, ok := j.waiting[id]
	delete(j.waiting, id)
	j.mu.Unlock()
	if ok {
		j.metrics.endings.WithLabelValues("missing").Inc()
		j.close(h.row, h.outcome)
	}
}

// close counts a row and hands it to the writer.
func (j *Journal) close(row *Row, o exchange.Outcome) {
	row.Outcome, row.By, row.Detail = string(o.Result), string(o.By), o.Detail
	j.metrics.count(row)
	select {
	case <-j.done: // asked first: behind the writer's end the queue still has room
		j.metrics.lost.Inc()
		return
	default:
	}
	select {
	case <-j.done:
		j.metrics.lost.Inc()
	case j.rows <- row:
	}
}

// write is the only writer. The rows of one burst leave in one write.
func (j *Journal) write() {
	defer close(j.done)
	var buf []byte
	timer := time.NewTimer(gather)
	for {
		select {
		case row := <-j.rows:
			timer.Reset(gather)
			select {
			case <-timer.C:
			case <-j.stop:
			}
			buf = j.burst(buf[:0], row)
		case <-j.stop:
			select {
			case row := <-j.rows:
				buf = j.burst(buf[:0], row)
			default:
				return
			}
		}
	}
}

// burst writes a row and what is queued behind it in one go.
func (j *Journal) burst(buf []byte, row *Row) []byte {
	buf = appendRow(buf, row)
	rows := 1
	for more := true; more && len(buf) < 1<<20; {
		select {
		case next := <-j.rows:
			buf = appendRow(buf, next)
			rows++
		default:
			more = false
		}
	}
	if j.torn {
		buf = append([]byte("\n"), buf...)
	}
	n, err := j.out.Write(buf)
	j.torn = n > 0 && buf[n-1] != '\n' || n == 0 && j.torn
	if err != nil {
		lost := rows - bytes.Count(bytes.TrimLeft(buf[:n], "\n"), []byte("\n"))
		j.metrics.lost.Add(float64(lost))
		j.log.Error("writing access records", zap.Int("lost", lost), zap.Error(err))
	}
	return buf
}

func appendRow(buf []byte, row *Row) []byte {
	line, err := json.Marshal(row)
	if err != nil {
		line = fmt.Appendf(nil, `{"exchange":%q,"outcome":"gateway_error","detail":"row could not be encoded"}`, row.Exchange)
	}
	return append(append(buf, line...), '\n')
}

// Close writes what is waiting and ends the writer. Exchanges that end afterwards
// are counted as lost.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	waiting := j.waiting
	j.waiting, j.closed = make(map[string]*held), true
	j.mu.Unlock()
	for _, h := range waiting {
		h.timer.Stop()
		j.close(h.row, h.outcome)
	}
	close(j.stop)
	select {
	case <-j.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("writing the last access records: %w", ctx.Err())
	}
}
