package responses

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// theirs is what the frame says that an event of a server of this dialect was read from.
type theirs struct {
	id    []byte // of the item, escaped; nil: the event is about none, or was made here
	index int64
	part  int64
}

// other reports whether the event is about another item than this one.
func (t *theirs) other(it *outItem) bool { return t.id != nil && t.index != it.index }

// otherPart reports whether the event is about another part than the open one.
func (t *theirs) otherPart(it *outItem) bool { return t.id != nil && t.part != it.part }

var followed = []string{"sequence_number", "item_id", "output_index", "content_index", "summary_index", "item"}

// follow reads where in the stream of a server of this dialect an event stands.
func (e *StreamEncoder) follow(ev *canon.Event) {
	e.theirs = theirs{}
	if ev.Frame == nil {
		return
	}
	var f [6]scan.Value
	_ = canon.Find(scan.Value(bytes.TrimSpace(scan.Event(ev.Frame.Raw).Data())).Fields(), followed, f[:]) // it was decoded before
	if n, ok := f[0].Int(); ok {
		e.seq = max(e.seq, n)
	}
	id := f[1]
	if id == nil {
		id = f[5].Get("id")
	}
	e.theirs.id = canon.Inside(id)
	e.theirs.index, _ = f[2].Int()
	if e.theirs.part, _ = f[3].Int(); f[4] != nil {
		e.theirs.part, _ = f[4].Int()
	}
}

// other writes an item that only this dialect understands, which comes whole.
func (e *StreamEncoder) other(dst []byte, ev *canon.Event) []byte {
	if !e.holds(ev.Raw) {
		return e.Abort(dst, tooLong())
	}
	dst = e.close(dst, completed)
	raw := slices.Clone(ev.Raw)
	oneLine(raw)
	it := e.begin(outItem{kind: canon.Other, raw: raw}, "")
	dst = e.whole(dst, "response.output_item.added", it, "")
	it.closed = true
	return e.whole(dst, "response.output_item.done", it, "")
}

// otherDelta writes an event that only this dialect understands: a note to a text. What
// says how far a tool of the server's has got goes with the frames that pass, or not.
func (e *StreamEncoder) otherDelta(dst []byte, ev *canon.Event) []byte {
	note := ev.Raw.Get("annotation")
	if note.Kind() != scan.Object || e.open == 0 || e.items[e.open-1].says != canon.Text || !e.items[e.open-1].live {
		return dst
	}
	it := &e.items[e.open-1]
	start := len(it.notes)
	if start > 0 {
		it.notes = append(it.notes, ',')
		start++
	}
	it.notes = append(it.notes, note...)
	oneLine(it.notes)
	dst = e.partEvent(dst, "response.output_text.annotation.added", it)
	dst = strconv.AppendInt(append(dst, `,"annotation_index":`...), it.noted, 10)
	it.noted++
	return endEvent(append(append(dst, `,"annotation":`...), it.notes[start:]...))
}
