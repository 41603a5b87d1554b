package anthropic

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamEncoder writes a stream of message events. Blocks come strictly one after
// the other: what belongs to a later block waits until the open one is known to
// be whole. The end waits for the usage, which other dialects send last. Not for
// concurrent use.
type StreamEncoder struct {
	c       canon.Client
	choice  canon.OneChoice
	usage   canon.Usage
	index   int // of the open block, or of the next
	open    canon.Kind
	live    bool // a block is open
	tool    int
	ids     canon.CallIDs
	args    argsWriter
	waiting []waiting
	held    int // bytes of text that wait
	called  bool
	refused bool
	finish  canon.Finish
	hit     []byte // the stop sequence, quoted
	started bool
	ended   bool
}

// waiting is a block that cannot begin yet.
type waiting struct {
	kind     canon.Kind
	tool     int
	id, name []byte
	custom   bool
	text     []byte // escaped
}

// Encoder starts writing a stream for a client.
func (Dialect) Encoder(c canon.Client) canon.StreamEncoder { return &StreamEncoder{c: c} }

// Ended reports whether the stream has got its end, good or bad.
func (e *StreamEncoder) Ended() bool { return e.ended }

// Append appends what an event means for the client to dst. Of several choices
// the first counts.
func (e *StreamEncoder) Append(dst []byte, ev *canon.Event) []byte {
	if e.ended || e.choice.Skips(ev) {
		return dst
	}
	if !e.started && ev.Kind != canon.EventFailed {
		dst = e.start(dst, ev)
	}
	switch ev.Kind {
	case canon.EventText:
		return e.put(dst, canon.Text, canon.Inside(ev.Text))
	case canon.EventRefusal:
		e.refused = true
		return e.put(dst, canon.Text, canon.Inside(ev.Text))
	case canon.EventThinking:
		return e.put(dst, canon.Thinking, canon.Inside(ev.Text))
	case canon.EventSignature:
		return e.signature(dst, ev)
	case canon.EventRedacted:
		return e.redacted(dst, ev)
	case canon.EventToolStart:
		return e.toolStart(dst, ev)
	case canon.EventToolArgs:
		return e.toolArgs(dst, ev)
	case canon.EventBlockStart:
		return e.blockStart(dst, ev)
	case canon.EventBlockEnd:
		return e.flush(e.close(dst))
	case canon.EventOther, canon.EventOtherDelta:
		return e.other(dst, ev)
	case canon.EventFinish:
		e.finish = ev.Finish
		e.hit = append(e.hit[:0], ev.Text...)
		return e.drain(dst)
	case canon.EventUsage:
		e.usage.Overwrite(ev.Usage)
	case canon.EventFailed:
		return e.Abort(dst, ev.Fault)
	case canon.EventDone:
		return e.done(e.drain(dst))
	case canon.EventStart, canon.EventBlank, canon.EventComment: // say nothing beyond the head
	}
	return dst
}

// Ping implements canon.Pinger.
func (e *StreamEncoder) Ping(dst []byte) []byte {
	return append(dst, "event: ping\ndata: {\"type\": \"ping\"}\n\n"...)
}

// Abort ends the stream with an error event and without message_stop.
func (e *StreamEncoder) Abort(dst []byte, f *canon.Fault) []byte {
	if e.ended {
		return dst
	}
	e.ended = true
	dst, _ = Dialect{}.EncodeFault(append(dst, "event: error\ndata: "...), f)
	return append(dst, '\n', '\n')
}

func (e *StreamEncoder) start(dst []byte, ev *canon.Event) []byte {
	e.started = true
	dst = append(dst, `event: message_start`+"\n"+`data: {"type":"message_start","message":{"id":`...)
	dst = append(e.c.AppendAnswerID(dst, ev.ID, idPrefix), `,"type":"message","role":"assistant","model":`...)
	dst = append(e.c.AppendModel(dst, ev.Model), `,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`...)
	return append(appendUsage(dst, e.begun(ev)), '}', '}', '\n', '\n')
}

// begun is what is known of the usage as the message starts: that of the input.
func (e *StreamEncoder) begun(ev *canon.Event) *canon.Usage {
	if ev.Usage == nil || ev.Usage.Seen == 0 {
		return &canon.Usage{Input: e.c.EstimatedInput()}
	}
	u := *ev.Usage
	u.Output, u.Reasoning, u.AudioOutput = 0, 0, 0
	return &u
}

// blockStart opens a block that has said nothing yet.
func (e *StreamEncoder) blockStart(dst []byte, ev *canon.Event) []byte {
	if e.busy() {
		return dst
	}
	kind := canon.Text
	if string(canon.Inside(ev.Name)) == "thinking" {
		kind = canon.Thinking
	}
	return e.begin(e.close(dst), kind, nil, nil)
}

// put writes text or thinking into its block, opening it if none is open.
func (e *StreamEncoder) put(dst []byte, kind canon.Kind, text []byte) []byte {
	if e.busy() {
		return e.wait(dst, kind, text)
	}
	if !e.live || e.open != kind {
		dst = e.begin(e.close(dst), kind, nil, nil)
	}
	return e.delta(dst, kind, text)
}

// busy reports whether the open block must not be closed yet: it cannot be opened again.
func (e *StreamEncoder) busy() bool {
	return e.live && e.open == canon.ToolCall && !e.args.custom && !e.args.whole.Done()
}

// maxHeld bounds, in bytes, what waits for its turn.
const maxHeld = 16 << 20

func (e *StreamEncoder) wait(dst []byte, kind canon.Kind, text []byte) []byte {
	if n := len(e.waiting); n == 0 || e.waiting[n-1].kind != kind {
		e.waiting = append(e.waiting, waiting{kind: kind})
	}
	return e.hold(dst, &e.waiting[len(e.waiting)-1], text)
}

// hold keeps text for a waiting block, and gives up on a stream that makes too
// much wait.
func (e *StreamEncoder) hold(dst []byte, w *waiting, text []byte) []byte {
	if e.held += len(text); e.held > maxHeld {
		return e.Abort(dst, canon.Malformed("too much text after an unfinished tool call"))
	}
	w.text = append(w.text, text...)
	return dst
}

func (e *StreamEncoder) head(dst []byte, name string) []byte {
	dst = append(append(dst, "event: "...), name...)
	dst = append(append(dst, "\ndata: {\"type\":\""...), name...)
	return strconv.AppendInt(append(dst, `","index":`...), int64(e.index), 10)
}

// begin opens a block. The one before it must be closed.
func (e *StreamEncoder) begin(dst []byte, kind canon.Kind, id, name []byte) []byte {
	dst = append(e.head(dst, "content_block_start"), `,"content_block":`...)
	switch kind {
	case canon.Text:
		dst = append(dst, `{"type":"text","text":""}`...)
	case canon.Thinking:
		dst = append(dst, `{"type":"thinking","thinking":"","signature":""}`...)
	case canon.ToolCall:
		dst = e.ids.AppendID(append(dst, `{"type":"tool_use","id":`...), e.c.Request, id, true)
		dst = append(append(append(dst, `,"name":`...), e.c.Request.ToolName(name)...), `,"input":{}}`...)
		e.args = argsWriter{}
		e.called = true
	default: // Append begins no other block
	}
	e.open, e.live = kind, true
	return append(dst, '}', '\n', '\n')
}

func (e *StreamEncoder) delta(dst []byte, kind canon.Kind, text []byte) []byte {
	dst = append(e.head(dst, "content_block_delta"), `,"delta":{"type":"`...)
	switch kind {
	case canon.Text:
		dst = append(dst, `text_delta","text":`...)
	case canon.Thinking:
		dst = append(dst, `thinking_delta","thinking":`...)
	case canon.ToolCall:
		dst = e.args.append(append(dst, `input_json_delta","partial_json":"`...), text)
		return append(dst, '"', '}', '}', '\n', '\n')
	default: // begin opens no other block
	}
	return append(canon.AppendQuoted(dst, text), '}', '}', '\n', '\n')
}

// close ends the open block, if any.
func (e *StreamEncoder) close(dst []byte) []byte {
	if !e.live {
		return dst
	}
	if e.open == canon.ToolCall && e.args.custom && !e.args.begun { // its text is empty
		dst = e.delta(dst, canon.ToolCall, nil)
	}
	if e.open == canon.ToolCall && e.args.wraps {
		dst = append(e.head(dst, "content_block_delta"), `,"delta":{"type":"input_json_delta","partial_json":"\"}"}}`+"\n\n"...)
	}
	dst = append(e.head(dst, "content_block_stop"), '}', '\n', '\n')
	e.live = false
	e.index++
	return dst
}

func (e *StreamEncoder) signature(dst []byte, ev *canon.Event) []byte {
	if e.busy() {
		return e.Abort(dst, canon.Malformed("a signature inside a tool call"))
	}
	if !e.live || e.open != canon.Thinking {
		dst = e.begin(e.close(dst), canon.Thinking, nil, nil)
	}
	dst = append(e.head(dst, "content_block_delta"), `,"delta":{"type":"signature_delta","signature":`...)
	dst = append(append(dst, ev.Text...), '}', '}', '\n', '\n')
	return e.close(dst)
}

func (e *StreamEncoder) redacted(dst []byte, ev *canon.Event) []byte {
	if e.busy() {
		return e.Abort(dst, canon.Malformed("thinking inside a tool call"))
	}
	dst = append(e.head(e.close(dst), "content_block_start"), `,"content_block":{"type":"redacted_thinking","data":`...)
	dst = append(append(dst, ev.Text...), '}', '}', '\n', '\n')
	e.open, e.live = canon.Redacted, true
	return e.close(dst)
}

func (e *StreamEncoder) toolStart(dst []byte, ev *canon.Event) []byte {
	if e.busy() {
		e.waiting = append(e.waiting, waiting{kind: canon.ToolCall, tool: ev.Tool, id: bytes.Clone(ev.ID), name: bytes.Clone(ev.Name), custom: ev.Custom})
		return dst
	}
	e.tool = ev.Tool
	dst = e.begin(e.close(dst), canon.ToolCall, ev.ID, ev.Name)
	e.args.custom = ev.Custom
	return dst
}

func (e *StreamEncoder) toolArgs(dst []byte, ev *canon.Event) []byte {
	text := canon.Inside(ev.Text)
	if e.live && e.open == canon.ToolCall && e.tool == ev.Tool {
		dst = e.delta(dst, canon.ToolCall, text)
		return e.flush(dst)
	}
	for i := range e.waiting {
		if w := &e.waiting[i]; w.kind == canon.ToolCall && w.tool == ev.Tool {
			return e.hold(dst, w, text)
		}
	}
	if len(trimmed(text)) == 0 {
		return dst
	}
	return e.Abort(dst, canon.Malformed("arguments for a tool call that is over"))
}

// flush opens waiting blocks as long as the open one is whole.
func (e *StreamEncoder) flush(dst []byte) []byte {
	for len(e.waiting) > 0 && !e.busy() {
		w := e.waiting[0]
		e.waiting = e.waiting[1:]
		e.held -= len(w.text)
		e.tool = w.tool
		dst = e.begin(e.close(dst), w.kind, w.id, w.name)
		e.args.custom = w.custom
		if len(w.text) > 0 {
			dst = e.delta(dst, w.kind, w.text)
		}
	}
	return dst
}

// drain closes the open block and writes all that waits, whole or not.
func (e *StreamEncoder) drain(dst []byte) []byte {
	dst = e.close(dst)
	for len(e.waiting) > 0 {
		dst = e.close(e.flush(dst))
	}
	return dst
}

// other writes a block that only this dialect understands. Its raw text may
// hold line ends, which would break the frame.
func (e *StreamEncoder) other(dst []byte, ev *canon.Event) []byte {
	name, member := "content_block_delta", `,"delta":`
	if ev.Kind == canon.EventOther {
		dst = e.close(dst)
		name, member = "content_block_start", `,"content_block":`
		e.open, e.live = canon.Other, true
	}
	dst = append(e.head(dst, name), member...)
	for _, c := range ev.Raw {
		if c == '\n' || c == '\r' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return append(dst, '}', '\n', '\n')
}

func (e *StreamEncoder) done(dst []byte) []byte {
	e.ended = true
	if e.refused {
		e.finish = canon.FinishRefusal
	}
	e.c.Complete(&e.usage)
	dst = append(dst, `event: message_delta`+"\n"+`data: {"type":"message_delta","delta":{"stop_reason":`...)
	dst = scan.AppendString(dst, finishWord(e.finish, e.called))
	dst = append(dst, `,"stop_sequence":`...)
	if len(e.hit) > 0 {
		dst = append(dst, e.hit...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(appendUsage(append(dst, `},"usage":`...), &e.usage), '}', '\n', '\n')
	return append(dst, `event: message_stop`+"\n"+`data: {"type":"message_stop"}`+"\n\n"...)
}
