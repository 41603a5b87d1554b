package exchangetest

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// stream is a stream of events on its way through a visit.
type stream struct {
	wants   exchange.Wants
	open    bool // a call of Events runs
	over    bool // the end has been emitted
	failed  bool // the events of this call end the stream badly
	says    bool // this call brought text
	emitted []canon.Event
}

// step is what came of one call of Events.
type step struct {
	Events  []canon.Event
	Verdict exchange.Verdict
}

// Text is an event in which a model says something.
func Text(text string) canon.Event {
	return canon.Event{Kind: canon.EventText, Text: scan.AppendString(nil, text)}
}

// Done is the event that ends a whole answer.
func Done() canon.Event { return canon.Event{Kind: canon.EventDone} }

// Failed is the event that ends an answer which broke off.
func Failed() canon.Event { return canon.Event{Kind: canon.EventFailed, Fault: canon.Cut()} }

// Events shows the visit what one message of the stream says, and returns copies of what
// it emitted. A visit that does not want events sees the one that ends the stream; the
// others go on without it, as they do in the loop.
func (v *Visit) Events(events ...canon.Event) []canon.Event {
	v.t.Helper()
	out, _ := v.EventsVerdict(events...)
	return out
}

// EventsVerdict is Events, with the verdict.
func (v *Visit) EventsVerdict(events ...canon.Event) ([]canon.Event, exchange.Verdict) {
	v.t.Helper()
	v.reach(streaming, streaming, streaming)
	if len(events) == 0 && !v.stream.wants.Speak {
		v.t.Fatalf("%s may not speak: it is not called without events", v.stage.Name())
	}
	end := slices.IndexFunc(events, func(ev canon.Event) bool { return ev.Ends() })
	if end >= 0 && end != len(events)-1 {
		v.t.Fatalf("event %d follows the end of the stream", end+1)
	}
	from := 0
	switch {
	case !v.on(exchange.OnEvents):
		from = len(events)
	case v.stream.wants == (exchange.Wants{}) && end < 0:
		from = len(events)
	case v.stream.wants == (exchange.Wants{}):
		from = end
	}
	passed := clones(events[:from])
	step := v.call(events[from:], end >= 0)
	if end >= 0 || v.stream.over || step.Verdict.Action == exchange.Deny {
		v.phase = streamed // the loop shows no more to who ended the stream, or denied
	}
	return append(passed, step.Events...), step.Verdict
}

// call calls Events, in memory that is overwritten afterwards.
func (v *Visit) call(events []canon.Event, end bool) step {
	v.t.Helper()
	if len(events) == 0 && !v.stream.wants.Speak {
		return step{}
	}
	s := &v.stream
	given := clones(events)
	lent, before := borrowed(given), borrowed(events)
	s.open, s.emitted = true, nil
	s.failed = end && events[len(events)-1].Kind == canon.EventFailed
	s.says = slices.ContainsFunc(events, func(ev canon.Event) bool { return ev.Says() })
	verdict, err := v.visit.Events(v.ctx, given, v.emit)
	s.open = false
	switch {
	case err != nil:
		v.t.Fatalf("Events: %v", err)
	case verdict.Action == exchange.Answer:
		v.t.Errorf("Events cannot answer: a stream has begun")
	}
	if !slices.EqualFunc(lent.texts, before.texts, bytes.Equal) {
		v.t.Errorf("Events wrote to the memory of an event: set its Text to a value of its own")
	}
	lent.poison()
	for i := range given {
		given[i] = canon.Event{Kind: dead}
	}
	return step{s.emitted, verdict}
}

// emit collects what the visit emits.
func (v *Visit) emit(ev *canon.Event) {
	v.t.Helper()
	s := &v.stream
	switch {
	case !s.open:
		v.t.Errorf("an event was emitted outside of Events")
		return
	case poisoned(ev):
		v.t.Errorf("an event was emitted that was kept over calls: Clone it")
	case s.over && ev.Kind != canon.EventComment:
		v.t.Errorf("event %d was emitted after the end of the stream", ev.Kind)
	case s.failed && ev.Says() && !s.says:
		v.t.Errorf("what was held back was emitted although the stream failed")
	}
	s.over = s.over || ev.Ends()
	s.emitted = append(s.emitted, *ev.Clone())
}

func clones(events []canon.Event) []canon.Event {
	out := make([]canon.Event, len(events))
	for i := range events {
		out[i] = *events[i].Clone()
	}
	return out
}

// memory is what events only borrow: it serves again for the next message of a stream.
type memory struct {
	texts  [][]byte
	usages []*canon.Usage
}

func borrowed(events []canon.Event) memory {
	var m memory
	for i := range events {
		ev := &events[i]
		m.texts = append(m.texts, ev.Text, ev.ID, ev.Name, ev.Model, ev.Raw, ev.TextWas)
		if ev.Frame != nil {
			m.texts = append(m.texts, ev.Frame.Raw)
		}
		if ev.Usage != nil {
			m.usages = append(m.usages, ev.Usage)
		}
	}
	return m
}

// dead fills memory that is over, and is the kind of events in it. It stands in no valid
// text.
const dead = 0xFF

// poison overwrites the memory, as the next message does.
func (m *memory) poison() {
	for _, text := range m.texts {
		for i := range text {
			text[i] = dead
		}
	}
	for _, u := range m.usages {
		*u = canon.Usage{Input: -1}
	}
}

// poisoned reports whether an event lives in memory that is over.
func poisoned(ev *canon.Event) bool {
	m := borrowed([]canon.Event{*ev})
	return ev.Kind == dead || slices.ContainsFunc(m.texts, func(b []byte) bool { return bytes.IndexByte(b, dead) >= 0 }) ||
		slices.ContainsFunc(m.usages, func(u *canon.Usage) bool { return u.Input < 0 })
}
