package client

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
)

// Writer writes what a client gets of a stream, event by event. In a stream of the
// client's own dialect an event leaves as the frame that it came in, with a changed
// text put in its place. Once something else than that is to be written, such as an
// event that was made here, or one that says again what was changed, the dialect's
// encoder takes over, which has seen all that passed. Not for concurrent use.
type Writer struct {
	encoder canon.StreamEncoder
	frames  bool // the backend speaks the client's dialect
	over    bool // the encoder has taken over
	changed bool // a text left that is not the one that came
	begun   bool // something was written by the encoder
	ended   bool // EventDone or EventFailed was written
	pending []pending
	encoded []byte // what the encoder makes of the pending events
}

// pending is an event of a frame whose other events have not come yet.
type pending struct {
	frame   *canon.Frame
	at      canon.Span
	text    []byte
	changed bool // text is not what was read
}

// NewWriter starts a stream that the encoder writes; frames: the backend speaks the
// client's dialect.
func NewWriter(e canon.StreamEncoder, frames bool) *Writer {
	return &Writer{encoder: e, frames: frames}
}

// Ended reports whether the stream has got its end, good or bad.
func (w *Writer) Ended() bool { return w.ended }

// GaveUp reports whether the encoder could not write what it was given, and ended
// the stream with an error.
func (w *Writer) GaveUp() bool { return w.encoder.Ended() && !w.ended }

// Append appends what an event means for the client to dst. After the end only
// comments are written.
func (w *Writer) Append(dst []byte, ev *canon.Event) []byte {
	if ev.Kind == canon.EventComment {
		return Comment(w.Flush(dst), ev.Raw)
	}
	if w.ended {
		return dst
	}
	if !w.frames || w.over {
		return w.encode(dst, ev)
	}
	if len(w.pending) > 0 && w.pending[0].frame != ev.Frame {
		dst = w.Flush(dst)
		if w.over {
			return w.encode(dst, ev)
		}
	}
	return w.frame(dst, ev)
}

// Abort ends the stream with an error.
func (w *Writer) Abort(dst []byte, f *canon.Fault) []byte {
	dst = w.encoder.Abort(w.Flush(dst), f)
	w.ended = true
	return dst
}

// Flush appends what waits for the rest of its frame: that does not come.
func (w *Writer) Flush(dst []byte) []byte {
	if len(w.pending) == 0 {
		return dst
	}
	w.over = true
	dst = append(dst, w.encoded...)
	w.pending, w.encoded = w.pending[:0], w.encoded[:0]
	return dst
}

// encode writes an event by the encoder.
func (w *Writer) encode(dst []byte, ev *canon.Event) []byte {
	before := len(dst)
	if ev.Kind == canon.EventBlank {
		return w.life(dst)
	}
	dst = w.encoder.Append(dst, ev)
	w.ended = ev.Ends()
	w.begun = w.begun || len(dst) > before
	return dst
}

// life writes a sign of life, as the client's dialect has it, once the stream has begun:
// without one, what stands between cuts connections that are silent while a model thinks.
func (w *Writer) life(dst []byte) []byte {
	if !w.begun {
		return dst
	}
	if p, ok := w.encoder.(canon.Pinger); ok {
		return p.Ping(dst)
	}
	return append(dst, ": ping\n"...) // no blank line: to OpenAI's SDK for Go one ends an event that is empty
}

// frame writes an event as its frame, once all events of the frame are there.
func (w *Writer) frame(dst []byte, ev *canon.Event) []byte {
	if ev.Frame == nil || ev.Repeats && w.changed {
		w.over = true
		return w.encode(dst, ev)
	}
	w.encoded = w.encode(w.encoded, ev)
	w.pending = append(w.pending, pendingOf(ev))
	if len(w.pending) < ev.Frame.Events {
		return dst
	}
	if !w.splices() {
		return w.Flush(dst)
	}
	if !ev.Frame.Hidden {
		dst = appendFrame(dst, ev.Frame, w.pending)
	}
	w.changed = w.changed || slices.ContainsFunc(w.pending, func(p pending) bool { return p.changed })
	w.pending, w.encoded = w.pending[:0], w.encoded[:0]
	return dst
}

// splices reports whether the frame can say what its events say, and puts them in the
// order of their texts in it. It cannot if one came twice, or if a changed text does not
// stand in it.
func (w *Writer) splices() bool {
	slices.SortStableFunc(w.pending, func(a, b pending) int { return a.at.Start - b.at.Start })
	end := 0
	for _, p := range w.pending {
		located := p.at.End > 0
		if p.changed && (!located || len(p.text) == 0) || located && p.at.Start < end {
			return false
		}
		end = max(end, p.at.End)
	}
	return true
}

func pendingOf(ev *canon.Event) pending {
	was := []byte(ev.TextWas)
	if ev.TextAt.End > 0 {
		was = ev.Frame.Raw[ev.TextAt.Start:ev.TextAt.End]
	}
	return pending{frame: ev.Frame, at: ev.TextAt, text: ev.Text, changed: !bytes.Equal(was, ev.Text)}
}

// appendFrame appends a frame with the texts that were changed, which are in the order
// in which they stand in it.
func appendFrame(dst []byte, f *canon.Frame, events []pending) []byte {
	from := 0
	for _, e := range events {
		if e.changed {
			dst = append(append(dst, f.Raw[from:e.at.Start]...), e.text...)
			from = e.at.End
		}
	}
	return append(dst, f.Raw[from:]...)
}

// Comment appends a comment line, which event stream parsers ignore.
func Comment(dst, text []byte) []byte {
	dst = append(append(dst, ": "...), text...)
	return append(dst, "\n\n"...)
}
