package responses

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// stream renders a response as its events.
type stream struct {
	wire.Stream
	q        *request
	sequence int // number of the next event
}

// events renders an answered request. What the model thought counts from the first event on.
func (q *request) events() *wire.Stream {
	st := stream{q: q}
	st.Hidden = q.given.Choices[0].Hidden
	first := statusInProgress
	if q.background {
		first = statusQueued
	}
	st.response("response.created", first)
	if q.background {
		st.response("response.queued", first)
	}
	st.response("response.in_progress", statusInProgress)
	for i := range q.items {
		st.item(&q.items[i], i)
	}
	if !q.do.NoDone {
		st.response("response."+q.status, q.status)
	}
	return &st.Stream
}

// begin begins an event, with its number.
func (st *stream) begin(kind string) {
	st.Buf = append(append(append(st.Buf, "event: "...), kind...), "\ndata: {\"type\":\""...)
	st.Buf = wire.AppendCount(append(st.Buf, kind...), `","sequence_number":`, st.sequence)
	st.sequence++
}

// end ends an event.
func (st *stream) end() {
	st.Buf = append(st.Buf, '}')
	st.Done()
}

func (st *stream) response(kind, status string) {
	st.begin(kind)
	st.Buf = st.q.appendResponse(append(st.Buf, `,"response":`...), status)
	st.end()
}

func (st *stream) item(o *output, index int) {
	st.whole("response.output_item.added", o, index, false)
	switch {
	case o.kind == "reasoning":
		st.reasoning(o, index)
	case o.kind == "message":
		st.message(o, index)
	case o.kind == "compaction":
		st.of("response.compaction.compacting", o, index)
		st.end()
		st.Out += st.q.Silent
	case o.hosted.item != "":
		for _, step := range o.hosted.steps {
			st.of("response."+o.kind+"."+step, o, index)
			st.end()
		}
		st.Out += wire.CountTokens(o.call.Name) + len(o.call.Pieces)
	default:
		st.call(o, index)
	}
	st.whole("response.output_item.done", o, index, true)
}

// whole is an event with an item in it.
func (st *stream) whole(kind string, o *output, index int, ended bool) {
	st.begin(kind)
	st.Buf = wire.AppendCount(st.Buf, `,"output_index":`, index)
	st.Buf = st.q.appendItem(append(st.Buf, `,"item":`...), o, ended)
	st.end()
}

// of begins an event within an item.
func (st *stream) of(kind string, o *output, index int) {
	st.begin(kind)
	st.Buf = append(append(append(st.Buf, `,"item_id":"`...), o.id...), '"')
	st.Buf = wire.AppendCount(st.Buf, `,"output_index":`, index)
}

// delta is an event with a piece of a text. more are members of its own.
func (st *stream) delta(kind string, o *output, index int, more, piece string) {
	st.of(kind, o, index)
	st.Buf = scan.AppendString(append(append(st.Buf, more...), `,"delta":`...), piece)
	st.pad()
	st.end()
}

// text is an event with a whole text.
func (st *stream) text(kind string, o *output, index int, more, member, text string) {
	st.of(kind, o, index)
	st.Buf = scan.AppendString(append(append(st.Buf, more...), `,"`+member+`":`...), text)
	st.end()
}

// part is an event with a part in it.
func (st *stream) part(kind string, o *output, index int, more string, part []byte) {
	st.of(kind, o, index)
	st.Buf = append(append(append(st.Buf, more...), `,"part":`...), part...)
	st.end()
}

func (st *stream) message(o *output, index int) {
	const at = `,"content_index":0`
	kind, member, logprobs := "response.output_text", "text", `,"logprobs":[]`
	if o.refusal {
		kind, member, logprobs = "response.refusal", "refusal", ""
	}
	text := strings.Join(o.pieces, "")
	tokens := 0
	if ch := &st.q.given.Choices[0]; len(ch.Pieces) > 0 {
		tokens = ch.Tokens / len(ch.Pieces)
	}
	st.part("response.content_part.added", o, index, at, st.q.appendPart(nil, o, ""))
	for _, piece := range o.pieces {
		st.Out += tokens
		st.delta(kind+".delta", o, index, at+logprobs, piece)
	}
	if o.cited && text != "" {
		st.of("response.output_text.annotation.added", o, index)
		st.Buf = append(st.Buf, at+`,"annotation_index":0,"annotation":`...)
		st.Buf = o.appendCitation(st.Buf)
		st.end()
	}
	st.text(kind+".done", o, index, at+logprobs, member, text)
	st.part("response.content_part.done", o, index, at, st.q.appendPart(nil, o, text))
}

func (st *stream) call(o *output, index int) {
	kind := "response.function_call_arguments"
	if o.kind == "custom_tool_call" {
		kind = "response.custom_tool_call_input"
	}
	st.Out += wire.CountTokens(o.call.Name)
	for _, piece := range o.pieces {
		st.Out++
		st.delta(kind+".delta", o, index, "", piece)
	}
	st.text(kind+".done", o, index, "", o.member(), strings.Join(o.pieces, ""))
}

// reasoning shows what the model thought as a summary, or as it is.
func (st *stream) reasoning(o *output, index int) {
	if len(o.pieces) == 0 {
		return
	}
	text := strings.Join(o.pieces, "")
	if st.q.do.ReasoningContent {
		const at = `,"content_index":0`
		st.part("response.content_part.added", o, index, at, appendText(nil, "reasoning_text", ""))
		for _, piece := range o.pieces {
			st.delta("response.reasoning_text.delta", o, index, at, piece)
		}
		st.text("response.reasoning_text.done", o, index, at, "text", text)
		st.part("response.content_part.done", o, index, at, appendText(nil, "reasoning_text", text))
		return
	}
	const at = `,"summary_index":0`
	st.part("response.reasoning_summary_part.added", o, index, at, appendText(nil, "summary_text", ""))
	for _, piece := range o.pieces {
		st.delta("response.reasoning_summary_text.delta", o, index, at, piece)
	}
	st.text("response.reasoning_summary_text.done", o, index, at, "text", text)
	st.part("response.reasoning_summary_part.done", o, index, at, appendText(nil, "summary_text", text))
}

const padding = "nXUCLcdzdJdMMgDHt6k0Oi"

// pad adds the padding that hides the length of a piece.
func (st *stream) pad() {
	if st.q.Obfuscation {
		n := int(wire.Mix(uint64(st.sequence)) % uint64(len(padding)))
		st.Buf = append(append(append(st.Buf, `,"obfuscation":"`...), padding[:n]...), '"')
	}
}
