package extproc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
)

var errAnswerInEvents = errors.New("a stream that has begun cannot be answered otherwise: emit events, or deny")

// rise takes events up the list of stages. A visit that ends the stream, or denies, cuts
// it: the visits below get EventFailed.
func (r *run) rise(ctx context.Context, events []canon.Event) ([]canon.Event, error) {
	for i := len(r.visits) - 1; i >= 0; i-- {
		if !r.pipeline.stages[i].on(exchange.OnEvents) {
			continue
		}
		var err error
		if events, err = r.show(ctx, i, events); err != nil {
			return nil, err
		}
	}
	for j := range events {
		r.events.ended = r.events.ended || events[j].Ends()
	}
	return events, nil
}

// show shows events to one visit: all of them, or only the one that ends the stream.
func (r *run) show(ctx context.Context, i int, events []canon.Event) ([]canon.Event, error) {
	e := r.events
	end := endOf(events)
	from, to := 0, len(events)
	if e.wants&(1<<i) == 0 {
		from, to = end, end+1
	}
	if from < 0 || from == to {
		return events, nil
	}
	e.turn(events)
	e.emitted = append(e.emitted, events[:from]...)
	ends, err := r.visit(ctx, i, events[from:to])
	if err != nil {
		return nil, err
	}
	if ends && end < 0 {
		if err := r.cutBelow(ctx, i); err != nil {
			return nil, err
		}
	}
	e.emitted = append(e.emitted, events[to:]...)
	return e.emitted, nil
}

// turn empties the list that is written to, so that it is not the one of the events.
func (e *streaming) turn(events []canon.Event) {
	if cap(events) > 0 && cap(e.emitted) > 0 && &events[:1][0] == &e.emitted[:1][0] {
		e.events, e.emitted = e.emitted, e.events
	}
	e.emitted = e.emitted[:0]
}

// visit calls one visit with events, which emits to the list. It reports whether the
// stream ends with what is in it.
func (r *run) visit(ctx context.Context, i int, events []canon.Event) (ends bool, err error) {
	e, s := r.events, r.pipeline.stages[i]
	began := time.Now()
	v, err := r.visits[i].Events(ctx, events, e.emit)
	r.took(s, exchange.OnEvents, began)
	switch {
	case err != nil:
		return false, fmt.Errorf("%s: %w", s.Name(), err)
	case v.Action == exchange.Answer:
		return false, fmt.Errorf("%s: %w", s.Name(), errAnswerInEvents)
	case v.Action == exchange.Deny:
		r.deny(v)
	}
	if e.speaks&(1<<i) != 0 {
		e.wakes[i] = time.Time{}
		if v.Wake > 0 {
			e.wakes[i] = r.now().Add(v.Wake)
		}
	}
	return endOf(e.emitted) >= 0, nil
}

// deny ends a stream with an error, also if the visit has emitted its end. The client has
// got the status of the answer by then.
func (r *run) deny(v exchange.Verdict) {
	e := r.events
	if !v.Ended {
		e.emitted = slices.DeleteFunc(e.emitted, func(ev canon.Event) bool { return ev.Ends() })
		e.emit(&canon.Event{Kind: canon.EventFailed, Fault: client.FaultOf(&v, r.ex.ID)})
	}
	v.Status = r.ex.Response.Status
	r.ex.Replaced = v
}

// endOf is the index of the event that ends a stream; -1: there is none.
func endOf(events []canon.Event) int {
	for i := range events {
		if events[i].Ends() {
			return i
		}
	}
	return -1
}

// cutBelow ends the stream for the visits below one: the client gets no more of it.
func (r *run) cutBelow(ctx context.Context, above int) error {
	r.events.cut = true
	cut := []canon.Event{{Kind: canon.EventFailed, Fault: canon.Cut()}}
	for i := len(r.visits) - 1; i > above; i-- {
		s := r.pipeline.stages[i]
		if !s.on(exchange.OnEvents) {
			continue
		}
		if _, err := r.visits[i].Events(ctx, cut, func(*canon.Event) {}); err != nil {
			return fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	return nil
}
