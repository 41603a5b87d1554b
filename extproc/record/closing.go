package record

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

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
	keeper          Keeper // of rows that wait; nil: nothing keeps them
	sinks           []Sink // in the order in which they get a row
	joined, missing prometheus.Counter
	pulse           *pulse

	mu      sync.Mutex
	closed  bool
	waiting map[string]*pendingRow // by exchange, and by Envoy's id of the request
	early   map[string]Ending      // entries that came before their stream's end, by one of both
	settled map[string]bool        // Envoy's ids of requests whose rows are closed
}

// pendingRow is a row that waits for its ending.
type pendingRow struct {
	row     *policypb.Row
	request string           // Envoy's id of the request
	outcome exchange.Outcome // if no entry comes
	unseen  *exchange.Spent  // what it consumed if the provider answered; nil: nothing, or the row says it
	broke   bool             // the stream did not show the end
}

// NewCloser makes a closer, and registers how often Envoy's account came. The keeper may be nil.
func NewCloser(reg prometheus.Registerer, keeper Keeper, sinks ...Sink) *Closer {
	endings := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_endings_total",
		Help: "Unclean endings, by whether Envoy's account of them came."}, []string{"account"})
	reg.MustRegister(endings)
	return &Closer{
		keeper:  keeper,
		sinks:   sinks,
		joined:  endings.WithLabelValues("joined"),
		missing: endings.WithLabelValues("missing"),
		pulse:   newPulse(),
		waiting: make(map[string]*pendingRow),
		early:   make(map[string]Ending),
		settled: make(map[string]bool),
	}
}

// Add closes the row of an exchange. If the outcome is not certain, the row waits for
// Envoy's account.
func (c *Closer) Add(ex *exchange.Exchange, o exchange.Outcome) {
	row, shown := rowOf(ex), showedEnd(ex)
	certain := shown && !ex.Late && !c.pulse.stalled()
	if certain && len(ex.Request.Body) > 0 {
		c.close(row, o)
		return
	}
	p := &pendingRow{row: row, request: string(ex.Request.Headers.Get(RequestHeader)), outcome: o, unseen: ex.Unseen, broke: !shown}
	if !certain {
		c.keep(p)
	}
	c.mu.Lock()
	if c.closed || certain {
		c.settle(p.request)
		c.mu.Unlock()
		c.giveUp(p)
		return
	}
	e, came := c.takeEarly(p)
	if !came {
		c.waiting[row.Exchange] = p
		if p.request != "" {
			c.waiting[p.request] = p
		}
	}
	c.mu.Unlock()
	if came {
		c.complete(p, &e)
		return
	}
	later(func() { c.expire(p) })
}

// keep has a row kept that waits, as it is closed if nothing more is known of it.
func (c *Closer) keep(p *pendingRow) {
	if c.keeper == nil {
		return
	}
	row := p.row
	if p.broke && p.unseen != nil {
		row = proto.CloneOf(row)
		addUnseen(row, p.unseen)
	}
	row.Outcome, row.By, row.Detail = string(p.outcome.Result), string(p.outcome.By), p.outcome.Detail
	c.keeper.Ended(row)
}

// showedEnd reports whether the stream alone says how the exchange ended: its whole
// answer was seen, or Headgate made it. What Envoy answered itself is not.
func showedEnd(ex *exchange.Exchange) bool {
	if ex.Refused.Action != exchange.Pass || ex.Replaced.Action != exchange.Pass {
		return true
	}
	return ex.Response.Complete && ex.Response.Origin != exchange.FromEnvoy
}

// waitSteps is in how many steps the Wait passes.
const waitSteps = 4

// later calls f when Wait has passed while the process ran: one that was stopped has not
// read yet what came meanwhile.
func later(f func()) {
	left := waitSteps
	var t *time.Timer
	t = time.AfterFunc(time.Hour, func() {
		if left--; left == 0 {
			f()
			return
		}
		t.Reset(Wait / waitSteps)
	})
	t.Reset(Wait / waitSteps)
}

// takeEarly returns the entry of a row, if it came before.
func (c *Closer) takeEarly(p *pendingRow) (e Ending, came bool) {
	for _, id := range []string{p.row.Exchange, p.request} {
		if e, came = c.early[id]; came {
			delete(c.early, id)
			return e, true
		}
	}
	return e, false
}

// take returns the row that waits for an entry; nil: there is none.
func (c *Closer) take(id string) *pendingRow {
	p := c.waiting[id]
	if p != nil {
		delete(c.waiting, p.row.Exchange)
		delete(c.waiting, p.request)
	}
	return p
}

// settle remembers for a while that the row of a request is closed. Envoy may not know
// the exchange, so that its entry would look like one of which no stream came.
func (c *Closer) settle(request string) {
	if request == "" || c.closed {
		return
	}
	c.settled[request] = true
	later(func() {
		c.mu.Lock()
		delete(c.settled, request)
		c.mu.Unlock()
	})
}

// Ending takes Envoy's account of an exchange. One that no row waits for is kept
// for Wait, because entry and end of stream come in either order.
func (c *Closer) Ending(e Ending) {
	id := cmp.Or(e.Exchange, e.Request)
	if id == "" {
		c.unseen(&e)
		return
	}
	c.mu.Lock()
	p := c.take(id)
	keep := p == nil && !c.closed && !c.settled[id]
	if keep {
		c.early[id] = e
	}
	c.mu.Unlock()
	switch {
	case p != nil:
		c.complete(p, &e)
	case keep:
		later(func() { c.forget(id) })
	}
}

// Await waits until no row waits for Envoy's account any more, which takes Wait at most, or until
// ctx is done.
func (c *Closer) Await(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for c.isWaiting() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (c *Closer) isWaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0
}

// forget ends the wait of an entry for its stream. If ext_proc never answered one, the
// entry is all that is known of the request.
func (c *Closer) forget(id string) {
	c.mu.Lock()
	e, ok := c.early[id]
	delete(c.early, id)
	c.mu.Unlock()
	if ok && !e.Seen {
		c.unseen(&e)
	}
}

// unseen closes the row of a request of which there is an entry alone.
func (c *Closer) unseen(e *Ending) { c.close(rowOfEntry(e), e.outcome(e.unseen())) }

// expire closes a row for which no entry came.
func (c *Closer) expire(p *pendingRow) {
	c.mu.Lock()
	waits := c.waiting[p.row.Exchange] == p
	if waits {
		c.take(p.row.Exchange)
		c.settle(p.request)
	}
	c.mu.Unlock()
	if !waits {
		return
	}
	if p.broke {
		c.missing.Inc()
	}
	c.giveUp(p)
}

// giveUp closes a row that waits no longer. Whether its provider has answered is not known: what
// nobody has read is estimated.
func (c *Closer) giveUp(p *pendingRow) {
	if p.broke {
		addUnseen(p.row, p.unseen)
	}
	c.close(p.row, p.outcome)
}

// complete closes a row with what only Envoy knows.
func (c *Closer) complete(p *pendingRow, e *Ending) {
	c.joined.Inc()
	row, o := p.row, e.outcome(p.outcome)
	if e.Code > 0 {
		row.Status = int32(e.Code)
	}
	if e.Exchange == "" {
		row.OpenedAs, row.Exchange = row.Exchange, e.Request // the client knows no other
	}
	if e.RetryAfter > 0 {
		row.RetryAfterNanos = e.RetryAfter.Nanoseconds()
	}
	row.Attempts = max(row.Attempts, int32(e.AttemptCount))
	if o.By == exchange.ByGateway && row.Status >= 500 {
		row.Reason = string(exchange.ReasonUnavailable)
	}
	if e.billed(o) {
		addUnseen(row, p.unseen)
	}
	c.close(row, o)
}

// close hands a row to every sink. It is the last that writes to it.
func (c *Closer) close(row *policypb.Row, o exchange.Outcome) {
	row.Outcome, row.By, row.Detail = string(o.Result), string(o.By), o.Detail
	closeSingle(row)
	for _, s := range c.sinks {
		s.Take(row)
	}
}

// Close closes the rows that wait, as if no entry or no stream came. Rows of exchanges that end
// afterwards wait for none.
func (c *Closer) Close(context.Context) error {
	c.pulse.stop()
	c.mu.Lock()
	waiting := c.waiting
	early := c.early
	c.waiting, c.early, c.closed = make(map[string]*pendingRow), make(map[string]Ending), true
	c.mu.Unlock()
	for _, e := range early {
		if !e.Seen {
			c.unseen(&e)
		}
	}
	for id, p := range waiting {
		if id == p.row.Exchange {
			c.giveUp(p)
		}
	}
	return nil
}
