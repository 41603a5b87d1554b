package extproc

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// maxPiece bounds one piece of a stream in FULL_DUPLEX_STREAMED, in bytes.
const maxPiece = 62_000

// say puts bytes for the client into replies of FULL_DUPLEX_STREAMED. A chunk that says
// nothing yet is answered all the same, with an empty piece: Envoy may wait for the
// first one before it sends trailers (envoy/facts).
func (r *run) say(out []byte, end bool) {
	for len(out) > maxPiece {
		r.before = append(r.before, &reply{phase: responseBody, piece: &piece{out[:maxPiece], false}})
		out = out[maxPiece:]
	}
	r.reply.piece = &piece{out, end}
}

// patience is how long the provider may go on to say nothing of its answer; 0: as long as
// it likes. Of a duplex stream it may be less, because something is due before.
func (r *run) patience() time.Duration {
	e := r.events
	if e == nil || r.ex.Response.Complete {
		return 0
	}
	wait, now := r.ex.Route.Idle, r.at
	if e.duplex {
		now = r.now()
	}
	if wait > 0 {
		wait = max(time.Millisecond, e.heard.Add(wait).Sub(now))
	}
	if !e.duplex {
		return wait
	}
	for _, at := range e.wakes {
		wait = sooner(wait, at, now)
	}
	return sooner(wait, r.endsAt, now)
}

// sooner returns the time from now to the end of a wait or to another end, whichever comes
// first. A wait of 0 and an end that is zero do not count.
func sooner(wait time.Duration, end, now time.Time) time.Duration {
	if due := end.Sub(now); !end.IsZero() && (wait == 0 || due < wait) {
		return max(time.Millisecond, due)
	}
	return wait
}

// early is how long before its time is over an exchange is ended here: then Envoy would cut
// it.
func early(limit time.Duration) time.Duration { return min(250*time.Millisecond, limit/5) }

// breakOff ends a duplex stream that is overdue with an error event of the client's dialect,
// or with nothing more if that has got its end. It returns false if the stream is none of
// these: only Envoy can end it.
func (r *run) breakOff(ctx context.Context) (replies []*reply, ended bool, err error) {
	e := r.events
	if e == nil || !e.duplex {
		return nil, false, nil
	}
	e.out = e.out[:0]
	if !e.writer.Ended() {
		fault := canon.Silent()
		r.overdue = exchange.IdleTimeout
		if !r.endsAt.IsZero() && !r.now().Before(r.endsAt) {
			fault, r.overdue = canon.Late(), exchange.Deadline
		}
		if err := r.write(ctx, []canon.Event{{Kind: canon.EventFailed, Fault: fault}}); err != nil {
			return nil, true, err
		}
	}
	r.ex.Response.Complete = true
	r.before, r.reply = r.before[:0], reply{phase: responseBody, meta: r.reply.meta[:0]}
	r.say(e.writer.Flush(e.out), true)
	r.report()
	last := r.reply
	return append(r.before, &last), true, nil
}

// speak lets the visits emit whose time has come while the provider is silent. It
// returns false if none has: the silence has lasted for as long as it may. The caller
// sends the replies, and makes sure that nothing else of the exchange runs.
func (r *run) speak(ctx context.Context) (replies []*reply, spoke bool, err error) {
	e := r.events
	if e == nil || !e.duplex {
		return nil, false, nil
	}
	now := r.now()
	var out []byte
	for i := len(r.visits) - 1; i >= 0; i-- {
		if e.wakes[i].IsZero() || now.Before(e.wakes[i]) {
			continue
		}
		spoke = true
		piece, err := r.wake(ctx, i)
		if err != nil {
			return nil, true, err
		}
		out = append(out, piece...)
	}
	if !spoke {
		return nil, false, nil
	}
	r.before = r.before[:0]
	r.reply = reply{phase: responseBody, meta: r.reply.meta[:0]}
	r.say(out, e.cut)
	if e.cut {
		r.ex.Response.Complete = true
		r.report()
	}
	last := r.reply
	return append(r.before, &last), true, nil
}

// wake calls one visit without events and takes what it emits up to the client.
func (r *run) wake(ctx context.Context, i int) ([]byte, error) {
	e := r.events
	e.turn(nil)
	ends, err := r.visit(ctx, i, nil)
	if err != nil {
		return nil, err
	}
	events := e.emitted
	if ends {
		if err := r.cutBelow(ctx, i); err != nil {
			return nil, err
		}
	}
	for above := i - 1; above >= 0 && len(events) > 0; above-- {
		if r.pipeline.stages[above].on(exchange.OnEvents) {
			if events, err = r.show(ctx, above, events); err != nil {
				return nil, err
			}
		}
	}
	var out []byte
	for j := range events {
		out = e.writer.Append(out, &events[j])
	}
	return e.writer.Flush(out), nil
}
