package openai

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamEncoder writes a stream of chat completion chunks. A finish is held back
// until the answer is known to be whole, so that a cut never looks like an end.
// Not for concurrent use.
type StreamEncoder struct {
	c        canon.Client
	head     []byte // of each chunk, up to the choice's index
	usage    canon.Usage
	finishes []finished
	thinking bool // a block of reasoning is open
	details  int  // blocks of reasoning that were closed
	ids      canon.CallIDs
	inputs   canon.Inputs
	ended    bool
}

type finished struct {
	choice   int
	finish   canon.Finish
	logprobs scan.Value // of the whole choice; nil: they came with its chunks, or there are none
}

// Encoder starts writing a stream for a client.
func (Dialect) Encoder(c canon.Client) canon.StreamEncoder { return &StreamEncoder{c: c} }

// Ended reports whether the stream has got its end, good or bad.
func (e *StreamEncoder) Ended() bool { return e.ended }

// Append appends what an event means for the client to dst.
func (e *StreamEncoder) Append(dst []byte, ev *canon.Event) []byte {
	if e.ended {
		return dst
	}
	if e.head == nil {
		dst = e.start(dst, ev)
	}
	switch ev.Kind {
	case canon.EventText:
		return e.member(dst, ev, "content")
	case canon.EventRefusal:
		return e.member(dst, ev, "refusal")
	case canon.EventThinking, canon.EventSignature, canon.EventRedacted:
		return e.reasoning(dst, ev)
	case canon.EventToolStart:
		return e.tool(dst, ev)
	case canon.EventToolArgs:
		return e.args(dst, ev)
	case canon.EventBlockEnd:
		e.endReasoning()
	case canon.EventFinish:
		dst = e.rest(dst, ev.Choice)
		e.finishes = append(e.finishes, finished{ev.Choice, ev.Finish, bytes.Clone(ev.Raw)})
	case canon.EventUsage:
		e.usage.Overwrite(ev.Usage)
	case canon.EventFailed:
		return e.Abort(dst, ev.Fault)
	case canon.EventDone:
		return e.done(dst)
	case canon.EventStart, canon.EventBlockStart, canon.EventOther, canon.EventOtherDelta, canon.EventBlank, canon.EventComment: // say nothing beyond the head
	}
	return dst
}

// Ping implements canon.Pinger: it is a chunk that says nothing.
func (e *StreamEncoder) Ping(dst []byte) []byte { return e.close(e.open(dst, 0)) }

// Abort ends the stream with an error and without [DONE].
func (e *StreamEncoder) Abort(dst []byte, f *canon.Fault) []byte {
	if e.ended {
		return dst
	}
	e.ended = true
	dst, _ = Dialect{}.EncodeFault(append(dst, "data: "...), f)
	return append(dst, '\n', '\n')
}

func (e *StreamEncoder) start(dst []byte, ev *canon.Event) []byte {
	h := e.c.AppendAnswerID(append(e.head, `data: {"id":`...), ev.ID, idPrefix)
	h = append(h, `,"object":"chat.completion.chunk","created":`...)
	h = strconv.AppendInt(h, createdOf(ev.Created, e.c), 10)
	h = e.c.AppendModel(append(h, `,"model":`...), ev.Model)
	e.head = append(h, `,"choices":[`...)
	if ev.Kind != canon.EventStart {
		return dst
	}
	dst = append(e.open(dst, 0), `"role":"assistant","content":"","refusal":null`...)
	return e.close(dst)
}

func (e *StreamEncoder) open(dst []byte, choice int) []byte {
	dst = append(append(dst, e.head...), `{"index":`...)
	dst = strconv.AppendInt(dst, int64(choice), 10)
	return append(dst, `,"delta":{`...)
}

func (e *StreamEncoder) close(dst []byte) []byte {
	dst = append(dst, `},"logprobs":null,"finish_reason":null}]`...)
	return e.end(dst)
}

func (e *StreamEncoder) end(dst []byte) []byte {
	if e.c.Usage {
		dst = append(dst, `,"usage":null`...)
	}
	return append(dst, '}', '\n', '\n')
}

func (e *StreamEncoder) member(dst []byte, ev *canon.Event, name string) []byte {
	e.endReasoning()
	return e.close(canon.AppendRaw(e.open(dst, ev.Choice), name, ev.Text))
}

func (e *StreamEncoder) endReasoning() {
	if e.thinking {
		e.thinking = false
		e.details++
	}
}

// reasoning writes a piece of reasoning both ways: as text, and as a detail that
// the client can send back. See reasoning.go.
func (e *StreamEncoder) reasoning(dst []byte, ev *canon.Event) []byte {
	if e.c.Request.HidesReasoning() {
		return dst
	}
	kind := ev.Kind
	if kind == canon.EventSignature && canon.Sealed(ev.Text) {
		kind = canon.EventRedacted
	}
	if kind == canon.EventRedacted {
		e.endReasoning()
	}
	dst = e.open(dst, ev.Choice)
	if kind == canon.EventThinking {
		dst = canon.AppendRaw(dst, "reasoning_content", ev.Text)
	}
	dst = append(canon.AppendKey(dst, "reasoning_details"), '[')
	switch kind {
	case canon.EventThinking:
		dst = appendDetail(dst, canon.Thinking, ev.Text, nil, e.details)
	case canon.EventSignature:
		dst = appendDetail(dst, canon.Thinking, nil, ev.Text, e.details)
	default:
		dst = appendDetail(dst, canon.Redacted, ev.Text, nil, e.details)
		e.details++
	}
	e.thinking = kind != canon.EventRedacted
	return e.close(append(dst, ']'))
}

func (e *StreamEncoder) call(dst []byte, ev *canon.Event) []byte {
	e.endReasoning()
	dst = append(e.open(dst, ev.Choice), `"tool_calls":[{"index":`...)
	index := ev.Tool
	if e.c.Request.KnowsFunctions() { // the first one is no tool
		index--
	}
	return strconv.AppendInt(dst, int64(index), 10)
}

func (e *StreamEncoder) tool(dst []byte, ev *canon.Event) []byte {
	if e.function(ev) {
		dst = append(e.open(dst, ev.Choice), `"function_call":{"name":`...)
		dst = append(dst, e.c.Request.ToolName(ev.Name)...)
		return e.close(append(dst, `,"arguments":""}`...))
	}
	dst = e.ids.AppendID(append(e.call(dst, ev), `,"id":`...), e.c.Request, ev.ID, false)
	if e.inputs.Start(e.c.Request, ev) {
		dst = append(append(dst, `,"type":"custom","custom":{"name":`...), e.c.Request.ToolName(ev.Name)...)
		return e.close(append(dst, `,"input":""}}]`...))
	}
	dst = append(append(dst, `,"type":"function","function":{"name":`...), e.c.Request.ToolName(ev.Name)...)
	return e.close(append(dst, `,"arguments":""}}]`...))
}

// function reports whether a call goes to a client as its function: the first one does.
func (e *StreamEncoder) function(ev *canon.Event) bool {
	return ev.Tool == 0 && e.c.Request.KnowsFunctions()
}

func (e *StreamEncoder) args(dst []byte, ev *canon.Event) []byte {
	if e.function(ev) {
		dst = append(e.open(dst, ev.Choice), `"function_call":{"arguments":`...)
		return e.close(append(append(dst, ev.Text...), '}'))
	}
	piece, custom, f := e.inputs.Args(ev)
	switch {
	case f != nil:
		return e.Abort(dst, f)
	case custom && piece != nil:
		return e.input(dst, ev, piece)
	case custom:
		return dst
	}
	dst = append(e.call(dst, ev), `,"function":{"arguments":`...)
	return e.close(append(append(dst, piece...), '}', '}', ']'))
}

// input writes a piece of a custom call's text.
func (e *StreamEncoder) input(dst []byte, ev *canon.Event, text scan.Value) []byte {
	dst = append(e.call(dst, ev), `,"custom":{"input":`...)
	return e.close(append(append(dst, text...), '}', '}', ']'))
}

// rest writes the texts of a choice's calls that were not whole.
func (e *StreamEncoder) rest(dst []byte, choice int) []byte {
	for {
		ev, ok := e.inputs.Rest(choice)
		if !ok {
			return dst
		}
		dst = e.input(dst, &ev, ev.Text)
	}
}

func (e *StreamEncoder) finishWord(f canon.Finish) string {
	if f == canon.FinishToolCalls && e.c.Request.KnowsFunctions() {
		return "function_call"
	}
	return finishWord(f)
}

func (e *StreamEncoder) done(dst []byte) []byte {
	e.ended = true
	for _, f := range e.finishes {
		dst = append(dst, e.head...)
		dst = strconv.AppendInt(append(dst, `{"index":`...), int64(f.choice), 10)
		dst = appendLogprobs(append(dst, `,"delta":{},"logprobs":`...), f.logprobs)
		dst = scan.AppendString(append(dst, `,"finish_reason":`...), e.finishWord(f.finish))
		dst = e.end(append(dst, '}', ']'))
	}
	if e.c.Usage && e.c.Said != nil {
		e.c.Complete(&e.usage)
	}
	if e.c.Usage && e.usage.Seen != 0 {
		dst = append(append(dst, e.head...), `],"usage":`...)
		dst = append(appendUsage(dst, &e.usage), '}', '\n', '\n')
	}
	return append(dst, "data: [DONE]\n\n"...)
}
