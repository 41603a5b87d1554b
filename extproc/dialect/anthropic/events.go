package anthropic

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamDecoder reads a stream of message events. The zero StreamDecoder is at
// the stream's start. Not for concurrent use.
type StreamDecoder struct {
	// Whole keeps the blocks that only this dialect understands.
	Whole bool

	out    []canon.Event
	extra  []canon.Member
	usage  usage
	sum    canon.Usage // what usage amounts to, while an event points to it
	blocks []blockSeen
	tools  int
	id     scan.Value // of the answer
	reason bool       // message_delta said why the answer ended
	ended  bool
}

// Decoder starts reading a server's stream.
func (Dialect) Decoder(native bool) canon.StreamDecoder { return &StreamDecoder{Whole: native} }

// blockSeen is what a block's start said.
type blockSeen struct {
	kind  canon.Kind
	tool  int
	input []byte // that came with the start: compatible servers may send it whole
	head  canon.ArgsHead
	args  bool // a fragment came
}

// Next returns what an event says. The events hold until the next call.
func (d *StreamDecoder) Next(ev scan.Event) []canon.Event {
	d.out = d.out[:0]
	data := bytes.TrimSpace(ev.Data())
	if d.ended || len(data) == 0 {
		return nil
	}
	var f event
	var err error
	if d.extra, err = canon.Pick(scan.Document(data), eventNames, f[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return d.out
	}
	switch string(f.kind(ev.Field("event"))) {
	case "message_start":
		d.start(f.message())
	case "content_block_start":
		d.open(&f)
	case "content_block_delta":
		d.delta(&f)
	case "content_block_stop":
		d.close(&f)
	case "message_delta":
		d.finish(&f)
	case "message_stop":
		d.stop()
	case "error":
		d.fail(Dialect{}.DecodeFault(0, data))
	}
	return d.out
}

// End returns what the end of the stream's bytes means: without message_stop it
// is a cut. Rest is what no blank line has ended: it counts if it is a whole
// event nevertheless.
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

func (d *StreamDecoder) report(v scan.Value) {
	if v.Kind() != scan.Object {
		return
	}
	d.usage.read(v)
	d.sum = d.usage.canon()
	d.emit(canon.Event{Kind: canon.EventUsage, Usage: &d.sum})
}

func (d *StreamDecoder) start(h head) {
	d.id = bytes.Clone(h[respID])
	d.emit(canon.Event{Kind: canon.EventStart, ID: h[respID], Model: h[respModel]})
	d.report(h[respUsage])
}

// maxBlocks bounds the blocks of one answer, each of which is remembered.
const maxBlocks = 100_000

func (d *StreamDecoder) open(f *event) {
	if n, ok := f[evIndex].Int(); !ok || n != int64(len(d.blocks)) || n >= maxBlocks {
		d.fail(canon.Malformed("a content block out of order"))
		return
	}
	var b [blockMembers]scan.Value
	var err error
	if d.extra, err = canon.Pick(f[evBlock].Fields(), blockNames, b[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	seen := blockSeen{kind: canon.Other}
	switch string(canon.Inside(b[blockType])) {
	case "text":
		seen.kind = canon.Text
		d.text(canon.EventText, b[blockText])
		d.begin(b[blockType])
	case "thinking":
		seen.kind = canon.Thinking
		d.text(canon.EventThinking, b[blockThinking])
		d.text(canon.EventSignature, b[blockSignature])
		d.begin(b[blockType])
	case "redacted_thinking":
		seen.kind = canon.Redacted
		d.text(canon.EventRedacted, b[blockData])
	case "tool_use":
		if b[blockName].Kind() != scan.String {
			d.fail(canon.Malformed("a tool call without a name"))
			return
		}
		seen.kind, seen.tool = canon.ToolCall, d.tools
		if !canon.NoArgs(b[blockInput]) {
			seen.input = append(seen.input, b[blockInput]...)
		}
		d.emit(canon.Event{Kind: canon.EventToolStart, Tool: d.tools, ID: canon.ServerCallID(b[blockID], d.id, d.tools), Name: b[blockName]})
		d.tools++
	default:
		if d.Whole {
			d.emit(canon.Event{Kind: canon.EventOther, Raw: f[evBlock]})
		}
	}
	d.blocks = append(d.blocks, seen)
}

// begin reports a block whose beginning says nothing else.
func (d *StreamDecoder) begin(kind scan.Value) {
	if len(d.out) == 0 {
		d.emit(canon.Event{Kind: canon.EventBlockStart, Name: kind})
	}
}

func (d *StreamDecoder) text(kind canon.EventKind, v scan.Value) {
	if v.Kind() == scan.String && !canon.Empty(v) {
		d.emit(canon.Event{Kind: kind, Text: v})
	}
}

// block returns the block that an event belongs to, or nil, which fails the stream.
func (d *StreamDecoder) block(f *event) *blockSeen {
	n, ok := f[evIndex].Int()
	if !ok || n < 0 || n >= int64(len(d.blocks)) {
		d.fail(canon.Malformed("an event for a content block that was not started"))
		return nil
	}
	return &d.blocks[n]
}

// Members of a delta.
const (
	deltaType = iota
	deltaText
	deltaThinking
	deltaSignature
	deltaJSON
	deltaMembers
)

var deltaNames = []string{"type", "text", "thinking", "signature", "partial_json"}

func (d *StreamDecoder) delta(f *event) {
	b := d.block(f)
	if b == nil {
		return
	}
	var v [deltaMembers]scan.Value
	var err error
	if d.extra, err = canon.Pick(f[evDelta].Fields(), deltaNames, v[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	if b.kind == canon.Other {
		if d.Whole {
			d.emit(canon.Event{Kind: canon.EventOtherDelta, Raw: f[evDelta]})
		}
		return
	}
	switch string(canon.Inside(v[deltaType])) {
	case "text_delta":
		d.text(canon.EventText, v[deltaText])
	case "thinking_delta":
		d.text(canon.EventThinking, v[deltaThinking])
	case "signature_delta":
		d.text(canon.EventSignature, v[deltaSignature])
	case "input_json_delta":
		if b.kind != canon.ToolCall || v[deltaJSON].Kind() != scan.String {
			return
		}
		if text := b.head.Feed(v[deltaJSON]); text != nil {
			b.args = true
			d.emit(canon.Event{Kind: canon.EventToolArgs, Tool: b.tool, Text: text})
		}
	}
}

var emptyObject = scan.Value(`"{}"`)

// close ends a block. A tool call that got no fragments has the arguments that
// it started with, and {} if those were none.
func (d *StreamDecoder) close(f *event) {
	b := d.block(f)
	if b == nil {
		return
	}
	if b.kind == canon.ToolCall && !b.args {
		text := emptyObject
		if b.input != nil {
			text = canon.AppendText(nil, b.input)
		}
		d.emit(canon.Event{Kind: canon.EventToolArgs, Tool: b.tool, Text: text})
	}
	if b.kind != canon.Other || d.Whole {
		d.emit(canon.Event{Kind: canon.EventBlockEnd})
	}
}

func (d *StreamDecoder) finish(f *event) {
	d.report(f[evUsage])
	reason := f[evDelta].Get("stop_reason")
	finish := finishOf(reason)
	switch {
	case finish == canon.FinishUnset || d.reason:
		return
	case finish == canon.FinishError:
		d.fail(canon.BrokeOff(reason))
		return
	}
	d.reason = true
	ev := canon.Event{Kind: canon.EventFinish, Finish: finish, Name: reason}
	if hit := f[evDelta].Get("stop_sequence"); hit.Kind() == scan.String {
		ev.Text = hit
	}
	d.emit(ev)
}

func (d *StreamDecoder) stop() {
	if !d.reason {
		d.fail(canon.Cut())
		return
	}
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventDone})
}
