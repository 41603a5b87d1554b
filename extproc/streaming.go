package extproc

import (
	"context"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// streaming is a streamed answer on its way. Bytes pass if both ends speak one dialect
// and no visit wants events. Otherwise events go from the provider's end up through the
// stages to the client's end.
type streaming struct {
	reader exchange.StreamReader // nil: nothing is read, and all passes
	writer *client.Writer        // nil: bytes pass
	wants  uint32                // bit i: visit i wants every event
	speaks uint32                // bit i: visit i may speak unasked
	wakes  []time.Time           // of a duplex stream: when each visit is called again; zero: it is not
	duplex bool                  // Envoy takes any number of replies for a chunk, and an early end
	ended  bool                  // the end event went up the stages
	cut    bool                  // the client has got an end before the provider's

	holders []exchange.Holder // visits that may hold text back

	heard time.Time // when the provider said something of its answer last

	// Two lists of events, of which one is read while the other is written to.
	events, emitted []canon.Event
	emit            exchange.Emit  // to emitted
	few             [4]canon.Event // memory of both, enough for the end of a stream that passes

	// What one message says, and what is written for it. That is sent before the next
	// one comes, so the memory serves again.
	all      []canon.Event
	out      []byte
	mutation exchange.Mutation
}

// streamHeaders takes a stream's headers up the list of stages and asks how its events
// shall come.
func (r *run) streamHeaders(ctx context.Context) error {
	if err := r.settled(ctx); err != nil || r.sentImmediate {
		return err
	}
	r.events = r.open()
	r.reply.mutation, r.reply.stream, r.reply.duplex = &r.ex.Response.Out, !r.events.duplex, r.events.duplex
	return nil
}

// settled takes the headers of an answer up the list of stages. If there is a verdict then,
// the client gets it at once, and Envoy cancels the request to the provider.
func (r *run) settled(ctx context.Context) error {
	if err := r.up(ctx, len(r.visits)); err != nil {
		return err
	}
	resp := &r.ex.Response
	r.headers()
	if !resp.Out.Replace {
		return nil
	}
	resp.Complete = true
	why, refused := "answer", r.ex.Replaced.Action == exchange.Deny
	if refused {
		why = string(r.ex.Replaced.Reason)
	}
	r.immediate(why, refused)
	return nil
}

// open asks the visits what they need of the stream.
func (r *run) open() *streaming {
	resp := &r.ex.Response
	e := &streaming{reader: resp.Reader, heard: r.at}
	if e.reader == nil {
		return e
	}
	e.events, e.emitted = e.few[:0:2], e.few[2:2]
	e.emit = func(ev *canon.Event) { e.emitted = append(e.emitted, *ev) }
	for i, v := range r.visits {
		if !r.pipeline.stages[i].on(exchange.OnEvents) {
			continue
		}
		w := v.Wants()
		e.duplex = e.duplex || w.Cut || w.Speak
		if w != (exchange.Wants{}) {
			e.wants |= 1 << i
			if h, ok := v.(exchange.Holder); ok {
				e.holders = append(e.holders, h)
			}
		}
		if w.Speak {
			e.speaks |= 1 << i
		}
	}
	if resp.Translates || e.wants != 0 {
		e.writer = client.NewWriter(r.client.Encoder(client.Of(&r.ex)), !resp.Translates)
	}
	if e.duplex {
		e.wakes = make([]time.Time, len(r.visits))
		for i := range e.wakes {
			if e.speaks&(1<<i) != 0 {
				e.wakes[i] = r.now()
			}
		}
	}
	return e
}

// streamBody takes a piece of a stream to the client.
func (r *run) streamBody(ctx context.Context, piece []byte, last bool) error {
	e, said := r.events, r.ex.Response.Said
	r.ex.Response.Complete = r.ex.Response.Complete || last
	out, changed, err := r.piece(ctx, piece, last)
	r.hold.holds(e.held() + long(out))
	if e.reader == nil || r.ex.Response.Said > said {
		e.heard = r.at
	}
	switch {
	case err != nil:
		return err
	case e.duplex:
		r.say(out, last || e.cut)
	case changed:
		e.mutation = exchange.Mutation{Body: out, Replace: true}
		r.reply.mutation = &e.mutation
	}
	if last || e.cut && e.duplex {
		r.ex.Response.Complete = true
		r.report()
	}
	return nil
}

// longPiece is from how many bytes on it counts what is written for one piece of a stream: unpacked it
// may be far more than Envoy takes at once.
const longPiece = 256 << 10

// long is what is written for one piece, in bytes, if that is much. It counts until the next piece.
func long(out []byte) int64 {
	if len(out) < longPiece {
		return 0
	}
	return int64(len(out))
}

// held is what visits hold back of a stream, in bytes.
func (e *streaming) held() int64 {
	n := 0
	for _, h := range e.holders {
		n += h.Held()
	}
	return int64(n)
}

// responseTrailers is the end of a stream that has trailers.
func (r *run) responseTrailers(ctx context.Context) error {
	e := r.events
	if e == nil || e.reader == nil {
		return nil
	}
	ended := r.clientHasEnd()
	out, _, err := r.piece(ctx, nil, true)
	if err != nil {
		return err
	}
	if !e.duplex && !ended {
		r.cutUnfinished()
		return nil
	}
	r.ex.Response.Complete = true
	if !e.duplex {
		out = nil
	}
	if len(out) > 0 {
		trailers := r.reply
		r.reply.phase = responseBody
		r.say(out, false)
		all := r.reply
		r.before = append(r.before, &all)
		r.reply = trailers
	}
	r.report()
	return nil
}

// clientHasEnd reports whether the client has got the end of the answer.
func (r *run) clientHasEnd() bool {
	if r.events.writer != nil {
		return r.events.writer.Ended()
	}
	return r.ex.Response.SawEnd || r.ex.Response.Failed
}

// cutUnfinished has Envoy cut a stream that ends in trailers before its client has got the
// answer's end, as it cuts one that fell silent: after trailers nothing can be written.
func (r *run) cutUnfinished() {
	r.ex.Response.SawEnd = false
	r.reply = reply{deny: true, status: http.StatusBadGateway, details: record.UnfinishedDetails, mutation: &exchange.Mutation{}}
}

// piece returns what the client gets for a piece of the stream, and whether that is
// something else than the piece.
func (r *run) piece(ctx context.Context, piece []byte, last bool) (out []byte, changed bool, err error) {
	e := r.events
	switch {
	case e.reader == nil:
		return piece, false, nil
	case e.writer == nil:
		return r.pass(ctx, piece, last)
	}
	if err := e.reader.Feed(piece, last); err != nil {
		return nil, false, err
	}
	e.out = e.out[:0]
	if e.wants == 0 {
		err = r.writeFrames(ctx)
	} else {
		err = r.writeAll(ctx)
	}
	return r.flushed(), true, err
}

// flushed returns what was written for the client.
func (r *run) flushed() []byte {
	e := r.events
	e.out = e.writer.Flush(e.out)
	if e.writer.GaveUp() { // the client got an error
		r.ex.Response.Failed, r.ex.Response.SawEnd = true, false
	}
	return e.out
}

// writeFrames writes what a piece says frame by frame: no visit wants its events but
// the one that ends the stream.
func (r *run) writeFrames(ctx context.Context) error {
	for events := r.events.reader.Next(); events != nil; events = r.events.reader.Next() {
		r.firstToken()
		if err := r.write(ctx, events); err != nil {
			return err
		}
	}
	return nil
}

// writeAll writes what a piece says at once, as visits see it.
func (r *run) writeAll(ctx context.Context) error {
	e := r.events
	e.all = e.all[:0]
	for events := e.reader.Next(); events != nil; events = e.reader.Next() {
		e.all = append(e.all, events...)
	}
	r.firstToken()
	return r.write(ctx, e.all)
}

// pass passes bytes. The stages see the end alone.
func (r *run) pass(ctx context.Context, piece []byte, last bool) (out []byte, changed bool, err error) {
	e := r.events
	if out, err = e.reader.Pass(piece, last); err != nil {
		return nil, false, err
	}
	if len(out) == 0 {
		if whole := e.reader.Whole(); whole != nil {
			return r.wholeAfterAll(ctx, whole)
		}
	}
	r.firstToken()
	changed = len(out) != len(piece) || len(out) > 0 && &out[0] != &piece[0]
	if !last || e.ended {
		return out, changed, nil
	}
	end := canon.Event{Kind: canon.EventDone}
	if !r.ex.Response.SawEnd {
		end = canon.Event{Kind: canon.EventFailed, Fault: canon.Cut()}
	}
	events, err := r.rise(ctx, append(e.events[:0], end))
	if err != nil {
		return nil, false, err
	}
	out = out[:len(out):len(out)]
	for i := range events {
		switch ev := &events[i]; {
		case ev.Kind == canon.EventComment:
			out, changed = client.Comment(out, ev.Raw), true
		case ev.Kind == canon.EventFailed && r.ex.Replaced.Action == exchange.Deny:
			out, changed = r.client.Encoder(client.Of(&r.ex)).Abort(out, ev.Fault), true
		}
	}
	return out, changed, nil
}

// wholeAfterAll writes the stream of an answer that came as one and is none.
func (r *run) wholeAfterAll(ctx context.Context, events []canon.Event) (out []byte, changed bool, err error) {
	e := r.events
	e.writer = client.NewWriter(r.client.Encoder(client.Of(&r.ex)), false)
	e.out = e.out[:0]
	r.firstToken()
	err = r.write(ctx, events)
	return r.flushed(), true, err
}

// firstToken notes when the first text came.
func (r *run) firstToken() {
	if r.ex.FirstToken.IsZero() && r.ex.Response.TextBytes > 0 {
		r.ex.FirstToken = r.now()
	}
}

// write takes events up the list of stages and writes what comes out for the client.
func (r *run) write(ctx context.Context, events []canon.Event) error {
	e := r.events
	if e.writer.Ended() || e.writer.GaveUp() {
		return nil // the client gets no more
	}
	events, err := r.rise(ctx, events)
	if err != nil {
		return err
	}
	for i := range events {
		e.out = e.writer.Append(e.out, &events[i])
	}
	return nil
}
