package agent

import (
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// Fleet is what a pair says of itself beside rows, and learns of the others. It is safe for
// concurrent use, and nothing of it waits.
type Fleet interface {
	// Drain returns what was counted since it was asked last; nil: nothing was.
	Drain() *pairpb.Signals
	// Out lists what is not asked here, or asked last, in a fixed order.
	Out() []Outage
	// Learn takes in what is known of the others, in place of what was before unless it is
	// partial.
	Learn(News)
	// Shares returns by which shares the pair goes.
	Shares() []Share
	// Forget forgets what was found out of a backend, here and by others, and returns how many
	// things there were here.
	Forget(backend string) int
	// Purge forgets entries of the cache, unless it has before, and returns how many there were
	// here.
	Purge(*pairpb.Entries) int
}

// Share is what part of its weight a use of a model keeps.
type Share struct {
	Model    string
	Use      string // written backend/model
	Permille int
}

// Outage is what a pair does not ask, or asks last.
type Outage struct {
	Backend, Model string // the model's name at the backend
	Account        string // whose limit was reached; empty: it is about no limit
	Pool, Address  string // empty: of all
	Reason         string
	Since          time.Time
	Until          time.Time // zero: nobody has said
	Named          bool      // the backend said until when
}

// News is what a control plane knows of the fleet.
type News struct {
	Partial   bool     // the link is new, and other pairs may not have said yet what they know
	Pairs     int      // that are linked, this one included
	Elsewhere []Outage // what other pairs observe
	Shares    []Share  // those that are not whole
}

const (
	reportEvery  = 250 * time.Millisecond
	signalsEvery = time.Second
	// completeAfter is after how long a link's news are whole: the others come back within that to a
	// control plane that was started again.
	completeAfter = 5 * time.Second
)

// learning hands on what one link says of the fleet.
type learning struct {
	fleet Fleet // nil: it learns nothing
	began time.Time

	mu    sync.Mutex
	last  News
	owing bool // what was said last is to be said again, once it is whole
}

// hear takes in what the control plane says.
func (l *learning) hear(n News, now time.Time) {
	if l.fleet == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n.Partial = now.Sub(l.began) < completeAfter
	l.last, l.owing = n, n.Partial
	l.fleet.Learn(n)
}

// complete says again what has become whole.
func (l *learning) complete(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.owing || now.Sub(l.began) < completeAfter {
		return
	}
	l.last.Partial, l.owing = false, false
	l.fleet.Learn(l.last)
}

// reports are what one link says beside rows.
type reports struct {
	fleet   Fleet // nil: nothing
	drained time.Time
	out     []Outage // that was said last
	said    bool     // something was
}

// newReports makes the reports of a link whose ends speak a version. What was counted before is
// in the rows, and would be a burst among what is counted now.
func newReports(f Fleet, version uint32) *reports {
	if f == nil || version < 1 {
		return &reports{}
	}
	f.Drain()
	return &reports{fleet: f, drained: time.Now()}
}

// send says what has changed.
func (r *reports) send(send func(*pairpb.LinkRequest) error) error {
	if r.fleet == nil {
		return nil
	}
	now := time.Now()
	if out := r.fleet.Out(); !r.said || !slices.EqualFunc(out, r.out, Outage.equal) {
		r.out, r.said = out, true
		if err := send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Observed{Observed: observed(out, now)}}); err != nil {
			return err
		}
	}
	if now.Sub(r.drained) < signalsEvery {
		return nil
	}
	span := now.Sub(r.drained)
	r.drained = now
	signals := r.fleet.Drain()
	if signals == nil {
		return nil
	}
	signals.SpanNanos = span.Nanoseconds()
	return send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Signals{Signals: signals}})
}

// Same reports whether two outages are one, observed twice.
func (o Outage) Same(p Outage) bool {
	o.Since, o.Until, o.Named = p.Since, p.Until, p.Named
	return o == p
}

func (o Outage) equal(p Outage) bool {
	return o.Same(p) && o.Since.Equal(p.Since) && o.Until.Equal(p.Until) && o.Named == p.Named
}

func observed(out []Outage, now time.Time) *pairpb.Observed {
	all := &pairpb.Observed{}
	for _, o := range out {
		one := &pairpb.Outage{
			Backend: o.Backend, Model: o.Model, Account: o.Account, Pool: o.Pool, Address: o.Address, Reason: o.Reason,
			Named: o.Named, AgeNanos: max(now.Sub(o.Since), 0).Nanoseconds(),
		}
		if !o.Until.IsZero() {
			one.LeftNanos = max(o.Until.Sub(now), time.Nanosecond).Nanoseconds()
		}
		all.Out = append(all.Out, one)
	}
	return all
}

func newsOf(f *pairpb.Fleet, now time.Time) News {
	n := News{Pairs: int(f.GetPairs())}
	for _, o := range f.GetElsewhere() {
		one := Outage{
			Backend: o.GetBackend(), Model: o.GetModel(), Account: o.GetAccount(), Pool: o.GetPool(), Address: o.GetAddress(), Reason: o.GetReason(),
			Named: o.GetNamed(), Since: now.Add(-time.Duration(o.GetAgeNanos())),
		}
		if left := o.GetLeftNanos(); left > 0 {
			one.Until = now.Add(time.Duration(left))
		}
		n.Elsewhere = append(n.Elsewhere, one)
	}
	for _, s := range f.GetShares() {
		n.Shares = append(n.Shares, Share{Model: s.GetModel(), Use: s.GetUse(), Permille: int(s.GetPermille())})
	}
	return n
}
