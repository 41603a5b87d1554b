package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// outItem is an item of a stream that is being written.
type outItem struct {
	kind   canon.Kind // Text: a message; Thinking; ToolCall; Other
	id     []byte     // escaped
	index  int64      // in the output
	closed bool
	status string // once it is closed

	// Of a message or a reasoning.
	parts     []byte // those that are whole, with commas between them
	part      int64  // the open one, or the next
	says      canon.Kind
	live      bool   // a part is open
	notes     []byte // annotations of the open part
	noted     int64  // how many
	encrypted []byte // the member

	text []byte // of the open part, or of a call; escaped

	// Of a call.
	tool      int
	custom    bool
	wraps     bool // its text comes as the argument of a function
	callID    []byte
	name      []byte
	namespace scan.Value
	args      canon.Complete

	raw []byte // of Other
}

// append appends the item as it stands.
func (it *outItem) append(dst []byte, status string) []byte {
	if it.kind == canon.Other {
		return append(dst, it.raw...)
	}
	dst = append(append(append(dst, `{"id":"`...), it.id...), '"')
	switch {
	case it.kind == canon.Text:
		dst = append(append(dst, `,"type":"message","status":"`...), status...)
		return append(append(append(dst, `","role":"assistant","content":[`...), it.parts...), ']', '}')
	case it.kind == canon.Thinking:
		dst = append(append(append(dst, `,"type":"reasoning","summary":[`...), it.parts...), ']')
		return append(append(dst, it.encrypted...), '}')
	case it.custom:
		dst = append(dst, `,"type":"custom_tool_call"`...)
	default:
		dst = append(dst, `,"type":"function_call"`...)
	}
	dst = append(append(append(dst, `,"status":"`...), status...), `","call_id":`...)
	dst = append(append(append(dst, it.callID...), `,"name":`...), it.name...)
	dst = canon.AppendRaw(dst, "namespace", it.namespace)
	dst = append(append(append(dst, `,"`...), it.textName()...), `":"`...)
	if !it.wraps || it.closed {
		dst = append(dst, it.text...)
	}
	return append(dst, '"', '}')
}

// textName is the member that holds the text of a call.
func (it *outItem) textName() string {
	if it.custom {
		return "input"
	}
	return "arguments"
}

// partIndex begins the member that says which part of the item an event is about.
func (it *outItem) partIndex() string {
	if it.kind == canon.Thinking {
		return `,"summary_index":`
	}
	return `,"content_index":`
}

// partWords are the names of the events about a part, and its member with the text.
type partWords struct{ added, delta, whole, done, member string }

var words = map[canon.Kind]*partWords{
	canon.Text:     {"response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done", "text"},
	canon.Refusal:  {"response.content_part.added", "response.refusal.delta", "response.refusal.done", "response.content_part.done", "refusal"},
	canon.Thinking: {"response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "text"},
}

// appendPart appends the open part with a text.
func (it *outItem) appendPart(dst, text []byte) []byte {
	switch it.says {
	case canon.Thinking:
		return appendSummary(dst, text)
	case canon.Refusal:
		return append(appendContent(dst, canon.Refusal, text), '}')
	default:
		dst = append(appendContent(dst, canon.Text, text), `,"annotations":[`...)
		return append(append(dst, it.notes...), `],"logprobs":[]}`...)
	}
}

// begin opens an item, after the open message or reasoning was closed.
func (e *StreamEncoder) begin(it outItem, prefix string) *outItem {
	it.index = int64(len(e.items))
	switch t := &e.theirs; {
	case t.id != nil:
		it.id, it.index = bytes.Clone(t.id), t.index
	default:
		if n := len(e.items); n > 0 {
			it.index = e.items[n-1].index + 1
		}
		it.id = e.appendItemID(nil, prefix, int(it.index))
	}
	e.items = append(e.items, it)
	return &e.items[len(e.items)-1]
}

// maxHeld bounds, in bytes, the text of a response, which its last events repeat.
const maxHeld = 16 << 20

// holds takes note of text that the items hold, and reports whether it is not too much.
func (e *StreamEncoder) holds(text []byte) bool {
	e.held += len(text)
	return e.held <= maxHeld
}

// say writes a piece of a message or of a reasoning.
func (e *StreamEncoder) say(dst []byte, ev *canon.Event) []byte {
	kind, says, prefix := canon.Text, canon.Text, prefixMessage
	switch ev.Kind {
	case canon.EventThinking:
		kind, says, prefix = canon.Thinking, canon.Thinking, prefixReasoning
	case canon.EventRefusal:
		says = canon.Refusal
		e.refused = true
	default: // a text
	}
	text := canon.Inside(ev.Text)
	if !e.holds(text) {
		return e.Abort(dst, tooLong())
	}
	dst, it := e.inside(dst, kind, prefix)
	if dst = e.inPart(dst, it, says); len(text) == 0 {
		return dst
	}
	it.text = append(it.text, text...)
	dst = canon.AppendQuoted(append(e.partEvent(dst, words[says].delta, it), `,"delta":`...), text)
	if says == canon.Text {
		dst = append(dst, `,"logprobs":[]`...)
	}
	return endEvent(dst)
}

func tooLong() *canon.Fault { return canon.Malformed("too much text") }

// inside returns the open message or reasoning, which it opens if none is.
func (e *StreamEncoder) inside(dst []byte, kind canon.Kind, prefix string) ([]byte, *outItem) {
	if e.open > 0 {
		if it := &e.items[e.open-1]; it.kind == kind && !e.theirs.other(it) {
			return dst, it
		}
		dst = e.close(dst, completed)
	}
	it := e.begin(outItem{kind: kind}, prefix)
	e.open = len(e.items)
	return e.whole(dst, "response.output_item.added", it, inProgress), it
}

// inPart opens a part of an item, unless one of its kind is open.
func (e *StreamEncoder) inPart(dst []byte, it *outItem, says canon.Kind) []byte {
	if it.live && it.says == says && !e.theirs.otherPart(it) {
		return dst
	}
	dst = e.closePart(dst)
	it.live, it.says = true, says
	if e.theirs.id != nil {
		it.part = e.theirs.part
	}
	dst = append(e.partEvent(dst, words[says].added, it), `,"part":`...)
	return endEvent(it.appendPart(dst, nil))
}

// closePart ends the open part, if any.
func (e *StreamEncoder) closePart(dst []byte) []byte {
	if e.open == 0 || !e.items[e.open-1].live {
		return dst
	}
	it := &e.items[e.open-1]
	w := words[it.says]
	dst = canon.AppendQuoted(canon.AppendKey(e.partEvent(dst, w.whole, it), w.member), it.text)
	if it.says == canon.Text {
		dst = append(dst, `,"logprobs":[]`...)
	}
	dst = append(e.partEvent(endEvent(dst), w.done, it), `,"part":`...)
	dst = endEvent(it.appendPart(dst, it.text))
	if len(it.parts) > 0 {
		it.parts = append(it.parts, ',')
	}
	it.parts = it.appendPart(it.parts, it.text)
	it.live, it.text, it.notes = false, it.text[:0], it.notes[:0]
	it.noted = 0
	it.part++
	return dst
}

// close ends the open message or reasoning, if any.
func (e *StreamEncoder) close(dst []byte, status string) []byte {
	if e.open == 0 {
		return dst
	}
	dst = e.closePart(dst)
	it := &e.items[e.open-1]
	e.open = 0
	it.closed, it.status = true, status
	return e.whole(dst, "response.output_item.done", it, status)
}

// signature ends a reasoning, of which it is the whole's.
func (e *StreamEncoder) signature(dst []byte, v scan.Value) []byte {
	dst, it := e.inside(dst, canon.Thinking, prefixReasoning)
	it.encrypted = e.appendEncrypted(it.encrypted, v, labelThinking)
	return e.close(dst, completed)
}

// redacted writes a reasoning that only its maker can read.
func (e *StreamEncoder) redacted(dst []byte, v scan.Value) []byte {
	if !canon.Sealed(v) && !e.seals() {
		return dst
	}
	dst = e.close(dst, completed)
	dst, it := e.inside(dst, canon.Thinking, prefixReasoning)
	it.encrypted = e.appendEncrypted(it.encrypted, v, labelRedacted)
	return e.close(dst, completed)
}
