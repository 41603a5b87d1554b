package record

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// Wait is how long the row of an exchange that broke off waits for Envoy's
// account of it. Entries come 4 to 54 ms after the end.
const Wait = 2 * time.Second

// A Sink takes closed rows. Take is called from many goroutines and never blocks: what
// the sink has no room for it drops and counts. All sinks share a row, which does not
// change any more.
type Sink interface {
	Take(*policypb.Row)
}

// Closer makes the row of each exchange, closes it once it is known how the exchange
// ended, and hands it to every sink. It is safe for concurrent use and never blocks.
// Close must be called, before the sinks are closed.
type Closer struct {
	sinks           []Sink // in the order in which they get a row
	joined, missing prometheus.Counter

	mu      sync.Mutex
	closed  bool
	waiting map[string]*pendingRow // by exchange
	early   map[string]Ending      // entries that came before their stream's end
}

// pendingRow is a row that waits for its ending.
type pendingRow struct {
	row     *policypb.Row
	outcome exchange.Outcome // if no entry comes
	timer   *time.Timer
}

// NewCloser makes a closer, and registers how often Envoy's account came.
func NewCloser(reg prometheus.Registerer, sinks ...Sink) *Closer {
	endings := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_endings_total",
		Help: "Unclean endings, by whether Envoy's account of them came."}, []string{"account"})
	reg.MustRegister(endings)
	return &Closer{
		sinks:   sinks,
		joined:  endings.WithLabelValues("joined"),
		missing: endings.WithLabelValues("missing"),
		waiting: make(map[string]*pendingRow),
		early:   make(map[string]Ending),
	}
}

// Add closes the row of an exchange. If the outcome is not certain, the row waits for
// Envoy's account.
func (c *Closer) Add(ex *exchange.Exchange, o exchange.Outcome) {
	row := rowOf(ex)
	if certain(ex) {
		c.close(row, o)
		return
	}
	c.mu.Lock()
	e, came := c.early[row.Exchange]
	delete(c.early, row.Exchange)
	if !came && !c.closed {
		p := &pendingRow{row: row, outcome: o}
		p.timer = time.AfterFunc(Wait, func() { c.expire(row.Exchange) })
		c.waiting[row.Exchange] = p
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	if came {
		c.complete(row, o, &e)
	} else {
		c.close(row, o)
	}
}

// certain reports whether the stream alone says how the exchange ended: its whole
// answer was seen, or Headgate made it. What Envoy answered itself is not.
func certain(ex *exchange.Exchange) bool {
	if ex.Refused.Action != exchange.Pass || ex.Replaced.Action != exchange.Pass {
		return true
	}
	return ex.Response.Complete && ex.Response.Origin != exchange.FromEnvoy
}

// Ending takes Envoy's account of an exchange. One that no row waits for is kept
// for Wait, because entry and end of stream come in either order.
func (c *Closer) Ending(e Ending) {
	c.mu.Lock()
	p, ok := c.waiting[e.Exchange]
	if ok {
		delete(c.waiting, e.Exchange)
		p.timer.Stop()
	} else if !c.closed {
		c.early[e.Exchange] = e
		time.AfterFunc(Wait, func() { c.forget(e.Exchange) })
	}
	c.mu.Unlock()
	if ok {
		c.complete(p.row, p.outcome, &e)
	}
}

func (c *Closer) forget(id string) {
	c.mu.Lock()
	delete(c.early, id)
	c.mu.Unlock()
}

// expire closes a row for which no entry came.
func (c *Closer) expire(id string) {
	c.mu.Lock()
	p, ok := c.waiting[id]
	delete(c.waiting, id)
	c.mu.Unlock()
	if ok {
		c.missing.Inc()
		c.close(p.row, p.outcome)
	}
}

// complete closes a row with what only Envoy knows.
func (c *Closer) complete(row *policypb.Row, o exchange.Outcome, e *Ending) {
	c.joined.Inc()
	if e.Code > 0 {
		row.Status = int32(e.Code)
	}
	row.Attempts = max(row.Attempts, int32(e.AttemptCount))
	c.close(row, e.outcome(o))
}

// close hands a row to every sink. It is the last that writes to it.
func (c *Closer) close(row *policypb.Row, o exchange.Outcome) {
	row.Outcome, row.By, row.Detail = string(o.Result), string(o.By), o.Detail
	for _, s := range c.sinks {
		s.Take(row)
	}
}

// Close closes the rows that wait, as if no entry came. Rows of exchanges that end
// afterwards wait for none.
func (c *Closer) Close(context.Context) error {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting, c.closed = make(map[string]*pendingRow), true
	c.mu.Unlock()
	for _, p := range waiting {
		p.timer.Stop()
		c.close(p.row, p.outcome)
	}
	return nil
}
