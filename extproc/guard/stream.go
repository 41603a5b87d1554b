package guard

import (
	"context"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// stream lets guards look at a streamed answer. Text is held back only as long as what follows
// may make a finding of it, and events leave in the order in which they came. One that only
// watches holds nothing and changes nothing: it never emits. Not for concurrent use.
type stream struct {
	visit    *visit
	acts     bool
	lookers  []*looker
	channels []*channel
	queue    []queued
	gone     int       // events that left before those of the queue
	answers  []*spoken // of guards that judge the form of a whole answer
	formed   bool      // there are such guards
	finished []int     // choices that have ended
	maxHeld  int       // bytes of one channel

	spans    []span   // of one look
	refusing *verdict // why the stream is cut; nil: it is not
	recorded bool     // what came of the guards
}

// queued is an event that has not left yet.
type queued struct {
	ev      canon.Event
	channel *channel // of its text; nil: it has none
	end     int      // of its text in the channel's raw
	ready   bool     // all of its text is decided
	changed bool     // text is not what came
	split   bool     // a part of its text has left
	text    []byte   // that is decided and has not left
	owned   bool     // it is a copy
}

// openStream begins the looking at a stream.
func (v *visit) openStream() {
	var acting, watching []*Guard
	for _, g := range v.plan.output {
		if g.acts() {
			acting = append(acting, g)
		} else {
			watching = append(watching, g)
		}
	}
	if len(acting) > 0 || v.vault.restores() {
		v.acting = v.stream(acting, true)
	}
	if len(watching) > 0 {
		v.watching = v.stream(watching, false)
	}
}

func (v *visit) stream(guards []*Guard, acts bool) *stream {
	s := &stream{visit: v, acts: acts, maxHeld: v.stage.maxHeld}
	for _, g := range guards {
		l := newLooker(g, v.scanner(g))
		s.lookers = append(s.lookers, l)
	}
	s.formed = s.forms()
	return s
}

// Wants implements exchange.Visit. A stream is taken out of Envoy's hands only if it may have to
// be cut, or if a guard asks others about it and so needs time.
func (v *visit) Wants() exchange.Wants {
	w := exchange.Wants{Events: v.acting != nil || v.watching != nil}
	for _, s := range []*stream{v.acting, v.watching} {
		if s == nil {
			continue
		}
		for _, l := range s.lookers {
			w.Cut = w.Cut || s.acts && !l.masks() || l.Checker != nil
		}
	}
	return w
}

// Events implements exchange.Visit.
func (v *visit) Events(ctx context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	if v.watching != nil {
		v.watching.take(ctx, events, nil)
	}
	if v.acting == nil {
		for i := range events {
			emit(&events[i])
		}
		return exchange.Verdict{}, nil
	}
	return v.acting.take(ctx, events, emit), nil
}

// Held implements exchange.Holder.
func (v *visit) Held() int {
	n := 0
	for _, s := range []*stream{v.acting, v.watching} {
		if s == nil {
			continue
		}
		for _, c := range s.channels {
			n += c.pending()
		}
	}
	return n
}

// End implements exchange.Visit. What came of each guard is counted.
func (v *visit) End(exchange.Outcome) {
	for _, s := range []*stream{v.acting, v.watching} {
		if s != nil {
			s.record()
		}
	}
	for i := range v.ex.Guards {
		v.stage.kind.metrics.count(&v.ex.Guards[i])
	}
}

// take takes the events of one message.
func (s *stream) take(ctx context.Context, events []canon.Event, emit exchange.Emit) exchange.Verdict {
	for i := range events {
		if s.event(ctx, &events[i], emit); s.refusing != nil {
			return s.cut(emit)
		}
	}
	for i := len(s.queue) - 1; i >= 0 && !s.queue[i].owned; i-- { // those before are copies already
		q := &s.queue[i]
		q.ev, q.owned = *q.ev.Clone(), true
	}
	return exchange.Verdict{}
}

// event takes one event, and releases what it decides.
func (s *stream) event(ctx context.Context, ev *canon.Event, emit exchange.Emit) {
	switch ev.Kind {
	case canon.EventBlank, canon.EventComment:
		if !ev.Repeats { // its frame holds no text
			s.pass(ev, emit)
			return
		}
		s.wait(ev)
	case canon.EventFailed: // what is held is not released
		s.queue = s.queue[:0]
		s.pass(ev, emit)
		return
	case canon.EventText, canon.EventRefusal, canon.EventThinking, canon.EventToolArgs:
		s.says(ctx, ev)
	case canon.EventBlockEnd, canon.EventToolStart, canon.EventSignature, canon.EventFinish:
		s.finish(ctx, ev)
		s.wait(ev)
	case canon.EventDone:
		s.done(ctx)
		s.wait(ev)
		if s.refusing == nil {
			s.record() // stages below end before this one, and ask what was found
		}
	default:
		s.wait(ev)
	}
	s.release(emit)
}

// wait has an event leave after those before it; if the stream is cut, not at all.
func (s *stream) wait(ev *canon.Event) {
	if s.refusing == nil {
		s.queue = append(s.queue, queued{ev: *ev, ready: true})
	}
}

// done decides all that is undecided at the end of the answer.
func (s *stream) done(ctx context.Context) {
	for _, a := range s.answers { // of which no end was said
		if !a.passed {
			s.judgeForm(ctx, &canon.Event{Choice: a.choice})
		}
	}
	for _, c := range s.channels {
		s.look(ctx, c, true)
	}
}

func (s *stream) pass(ev *canon.Event, emit exchange.Emit) {
	if s.acts {
		emit(ev)
	}
}

// says takes a piece of text.
func (s *stream) says(ctx context.Context, ev *canon.Event) {
	c := s.channel(ev)
	for _, other := range s.channels {
		if other != c && other.choice == c.choice && other.kind != canon.EventToolArgs && other.pending() > 0 {
			s.look(ctx, other, true) // what the answer said before is said
		}
	}
	plain, _ := ev.Text.Str()
	c.raw = append(c.raw, plain...)
	s.collect(ev, plain)
	c.waiting = append(c.waiting, s.gone+len(s.queue))
	s.queue = append(s.queue, queued{ev: *ev, channel: c, end: len(c.raw)})
	if len(c.raw) >= c.next {
		s.look(ctx, c, false)
	}
}

// finish decides what an event ends: all that its choice has said.
func (s *stream) finish(ctx context.Context, ev *canon.Event) {
	switch ev.Kind {
	case canon.EventToolStart:
		s.calls(ev)
	case canon.EventFinish:
		s.judgeForm(ctx, ev)
	default:
	}
	for _, c := range s.channels {
		if c.choice == ev.Choice {
			s.look(ctx, c, true)
		}
	}
}

// release lets events go, in their order, up to the first that has undecided text. Of a long one
// the part goes that is decided.
func (s *stream) release(emit exchange.Emit) {
	n := 0
	for n < len(s.queue) && s.queue[n].ready {
		s.let(&s.queue[n], emit)
		n++
	}
	if n < len(s.queue) {
		if q := &s.queue[n]; len(q.text) >= minPart && q.splits() {
			s.part(q, emit)
		}
	}
	if n > 0 {
		s.queue, s.gone = append(s.queue[:0], s.queue[n:]...), s.gone+n
	}
}

// minPart is how many bytes of an event's text go before the rest, so that short pieces, which
// the next one decides, are not written in two.
const minPart = 24

// splits reports whether the event can leave in two.
func (q *queued) splits() bool { return q.ev.Frame == nil || q.ev.Frame.Events == 1 }

// part lets the decided part of an event's text go.
func (s *stream) part(q *queued, emit exchange.Emit) {
	rest := *q
	q.changed = true
	s.let(q, emit)
	*q = rest
	q.text, q.split = nil, true
}

// let emits an event.
func (s *stream) let(q *queued, emit exchange.Emit) {
	if !s.acts {
		return
	}
	if q.ev.Kind == canon.EventFinish {
		s.finished = append(s.finished, q.ev.Choice)
	}
	if q.channel == nil || !q.changed && !q.split {
		emit(&q.ev)
		return
	}
	if len(q.text) == 0 && q.splits() {
		return // nothing of it is left
	}
	ev := q.ev
	ev.Text = scan.AppendString(nil, string(q.text))
	if ev.Frame != nil && repeats(ev.Frame.Raw) {
		ev.Frame = nil
	}
	emit(&ev)
}

// record keeps what came of each guard, once.
func (s *stream) record() {
	if s.recorded {
		return
	}
	s.recorded = true
	for _, l := range s.lookers {
		l.sum.Hash = l.seen.sum()
		s.visit.record(&l.sum)
	}
}
