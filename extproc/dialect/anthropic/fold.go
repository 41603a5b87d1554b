package anthropic

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// folder makes a message of its events, as the server would have written it. What it does
// not know goes into the message too.
type folder struct {
	message scan.Growing // without content
	blocks  []*foldedBlock
}

// foldedBlock is a block of the message.
type foldedBlock struct {
	scan.Growing
	input []byte // that came in pieces, escaped
}

// Fold starts making a message of a stream.
func (Dialect) Fold() exchange.Folder { return &folder{} }

// Streamable reports that a stream can carry whatever a request asks for.
func (Dialect) Streamable([]byte, *canon.Target) bool { return true }

// Frame implements exchange.Folder.
func (f *folder) Frame(raw []byte) *canon.Fault {
	ev := scan.Event(raw)
	data := bytes.TrimSpace(ev.Data())
	if len(data) == 0 {
		return nil
	}
	var e event
	if err := canon.Find(scan.Document(data), eventNames, e[:]); err != nil {
		return canon.Malformed(err.Error())
	}
	switch string(e.kind(ev.Field("event"))) {
	case "message_start":
		f.message.Set(e[evMessage])
	case "content_block_start":
		return f.open(&e)
	case "content_block_delta":
		return f.delta(&e)
	case "message_delta":
		if word := e[evDelta].Get("stop_reason"); finishOf(word) == canon.FinishError {
			return canon.BrokeOff(word)
		}
		return f.change(data)
	case "error":
		return Dialect{}.DecodeFault(0, data)
	}
	return nil
}

func (f *folder) open(e *event) *canon.Fault {
	if n, ok := e[evIndex].Int(); !ok || n != int64(len(f.blocks)) || n >= maxBlocks || e[evBlock].Kind() != scan.Object {
		return canon.Malformed("a content block out of order")
	}
	b := &foldedBlock{}
	b.Set(e[evBlock])
	f.blocks = append(f.blocks, b)
	// Another model takes over: a whole answer is called its.
	if to := e[evBlock].Get("to").Get("model"); to != nil && string(canon.Inside(e[evBlock].Get("type"))) == "fallback" {
		f.message.Field("model").Set(to)
	}
	return nil
}

// delta takes over a piece of a block: a text goes on, a citation is added.
func (f *folder) delta(e *event) *canon.Fault {
	n, ok := e[evIndex].Int()
	if !ok || n < 0 || n >= int64(len(f.blocks)) {
		return canon.Malformed("an event for a content block that was not started")
	}
	b := f.blocks[n]
	m := e[evDelta].Fields()
	for m.Next() {
		switch v := m.Value(); string(m.Key()) {
		case "type", "estimated_tokens": // say something of the event, not of the block
		case "partial_json":
			b.input = append(b.input, canon.Inside(v)...)
		case "citation":
			b.Field("citations").Push(v)
		default:
			if b.Full() || !b.GrowMember(m.Key(), v, &growth) {
				return canon.Malformed("a content block of too many parts")
			}
		}
	}
	return nil
}

// growth says that text comes in pieces, but not what only the provider can read.
var growth = scan.Growth{Named: []string{"signature", "encrypted_content"}}

// change takes over what a message_delta says of the message as a whole. It replaces what
// the start said; what it does not say stays.
func (f *folder) change(data []byte) *canon.Fault {
	m := scan.Value(data).Fields()
	for m.Next() {
		v := m.Value()
		switch string(m.Key()) {
		case "type":
		case "delta":
			set(&f.message, v)
		case "usage":
			set(f.message.Of(m.Key()), v)
		default:
			setUnlessNull(f.message.Of(m.Key()), v)
		}
	}
	if f.message.Full() {
		return canon.Malformed("a message of too many members")
	}
	return nil
}

// set sets the members of an object.
func set(g *scan.Growing, v scan.Value) {
	m := v.Fields()
	for m.Next() && !g.Full() {
		setUnlessNull(g.Of(m.Key()), m.Value())
	}
}

func setUnlessNull(g *scan.Growing, v scan.Value) {
	if v.Kind() != scan.Null || g.Kind() == scan.Invalid {
		g.Set(v)
	}
}

// Answer implements exchange.Folder.
func (f *folder) Answer(dst []byte) ([]byte, bool) {
	ended := f.message.Has("stop_reason")
	content := []byte{'['}
	for _, b := range f.blocks {
		content = b.Append(canon.AppendComma(content))
	}
	f.message.Field("content").Set(append(content, ']'))
	return f.message.Append(dst), ended
}

// Append appends the block to dst. Input that broke off is kept as text, as what is no
// object is elsewhere.
func (b *foldedBlock) Append(dst []byte) []byte {
	if len(b.input) > 0 {
		input := scan.Unescape(b.input)
		if !canon.Whole(input) {
			input = append(append([]byte(`{"invalid_arguments":"`), b.input...), `"}`...)
		}
		b.Field("input").Set(input)
	}
	return b.Growing.Append(dst)
}
