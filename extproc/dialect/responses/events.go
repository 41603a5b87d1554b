package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamDecoder reads the stream of a response. The zero StreamDecoder is at the stream's
// start. Not for concurrent use.
//
// The pieces count. What is said once more as a whole counts if no piece of it came, as
// some servers send none. A stream ends well only with a response that is completed or
// incomplete; anything else is a cut.
type StreamDecoder struct {
	// Whole keeps what only this dialect understands, such as the items of tools that the
	// provider runs, and marks the events that say again what others said.
	Whole bool

	out   []canon.Event
	extra []canon.Member
	usage canon.Usage
	id    []byte // quoted
	items []itemSeen
	tools int
	begun bool
	ended bool
}

// Decoder starts reading a server's stream.
func (Dialect) Decoder(native bool) canon.StreamDecoder { return &StreamDecoder{Whole: native} }

// Next returns what an event says. The events hold until the next call.
func (d *StreamDecoder) Next(ev scan.Event) []canon.Event {
	d.out = d.out[:0]
	data := bytes.TrimSpace(ev.Data())
	if d.ended || len(data) == 0 {
		return d.out
	}
	var e event
	var err error
	if d.extra, err = canon.Pick(scan.Document(data), eventNames, e[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return d.out
	}
	kind := e.kind(ev.Field("event"))
	d.read(kind, &e, data)
	if d.Whole && repeats(kind) {
		d.mark()
	}
	return d.out
}

// End returns what the end of the stream's bytes means. Rest is what no blank line has
// ended: it counts if it is a whole event nevertheless.
func (d *StreamDecoder) End(rest scan.Event) []canon.Event {
	d.out = d.out[:0]
	if canon.Whole(bytes.TrimSpace(rest.Data())) {
		d.Next(rest)
	}
	if !d.ended {
		d.fail(canon.Cut())
	}
	return d.out
}

// Resume implements canon.StreamDecoder.
func (d *StreamDecoder) Resume() { d.ended = false }

func (d *StreamDecoder) emit(ev canon.Event) { d.out = append(d.out, ev) }

func (d *StreamDecoder) fail(f *canon.Fault) {
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventFailed, Fault: f})
}

// repeats reports whether events of a kind say again what others said.
func repeats(kind []byte) bool { return bytes.HasSuffix(kind, []byte(".done")) || ends(kind) }

// mark marks what an event says as said before.
func (d *StreamDecoder) mark() {
	if len(d.out) == 0 {
		d.emit(canon.Event{Kind: canon.EventBlank})
	}
	for i := range d.out {
		d.out[i].Repeats = true
	}
}

// read reads an event of any kind.
func (d *StreamDecoder) read(kind []byte, e *event, data []byte) {
	switch {
	case string(kind) == "error":
		d.fail(readFault(data))
	case begins(kind):
		d.start(e)
	case ends(kind):
		d.end(kind, e)
	case string(kind) == "response.output_item.added":
		d.item(e, false)
	case string(kind) == "response.output_item.done":
		d.item(e, true)
	default:
		d.piece(kind, e, data)
	}
}

// start reads the response that has begun, once.
func (d *StreamDecoder) start(e *event) {
	if d.begun || e[evResponse].Kind() != scan.Object {
		return
	}
	h := e.response()
	d.begun = true
	d.id = append(d.id, h[respID]...)
	created, _ := h[respCreated].Int()
	d.emit(canon.Event{Kind: canon.EventStart, ID: h[respID], Model: h[respModel], Created: created})
}

// end reads the response that has come to its end. Its output is read if no item came
// before: some servers send nothing else.
func (d *StreamDecoder) end(kind []byte, e *event) {
	h := e.response()
	if h[respStatus] == nil {
		h[respStatus] = canon.AppendQuoted(nil, bytes.TrimPrefix(kind, []byte("response.")))
	}
	d.start(e)
	if h[respUsage].Kind() == scan.Object {
		d.usage = h.usage()
		d.emit(canon.Event{Kind: canon.EventUsage, Usage: &d.usage})
	}
	if f := h.fault(e[evResponse]); f != nil {
		d.fail(f)
		return
	}
	if len(d.items) == 0 {
		d.unheard(h[respOutput])
	}
	finish := h.finish(d.tools > 0)
	switch {
	case d.ended:
		return
	case finish == canon.FinishUnset:
		d.fail(canon.Malformed("a stream that ends while its response goes on"))
		return
	}
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventFinish, Finish: finish, Name: h.word()})
	d.emit(canon.Event{Kind: canon.EventDone})
}

// unheard reads the items of a response that no event brought.
func (d *StreamDecoder) unheard(output scan.Value) {
	list := output.Elements()
	for i := int64(0); list.Next() && !d.ended; i++ {
		d.itemAt(i, list.Value(), true)
	}
}
