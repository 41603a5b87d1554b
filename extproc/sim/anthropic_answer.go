package sim

import (
	"encoding/json"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// stopReason gives an ending its Anthropic name.
func stopReason(x *turn, ch *choice) string {
	if x.do.Finish != "" {
		return x.do.Finish
	}
	switch ch.end {
	case endTool:
		return "tool_use"
	case endLength:
		return "max_tokens"
	case endSequence:
		return "stop_sequence"
	case endRefusal:
		return "refusal"
	}
	return "end_turn"
}

// json renders an answer as a message.
func (anthropic) json(x *turn, a *answer) []byte {
	ch := &a.choices[0]
	b := make([]byte, 0, 1024+200+x.do.Oversize)
	b = append(b, `{"model":`...)
	b = scan.AppendString(b, a.model)
	b = append(append(append(b, `,"id":"`...), a.id...), `","type":"message","role":"assistant","content":[`...)
	b = appendBlocks(b, ch)
	b = append(b, `],"stop_reason":`...)
	b = scan.AppendString(b, stopReason(x, ch))
	b = append(b, `,"stop_sequence":`...)
	b = appendNullable(b, ch.stop)
	if !x.do.NoUsage {
		b = append(b, `,"usage":`...)
		b = appendMessageUsage(b, &a.usage, a.usage.TotalOutput(), a.usage.Reasoning > 0)
	}
	return append(b, '}')
}

func appendBlocks(b []byte, ch *choice) []byte {
	sep := ""
	if len(ch.thought) > 0 {
		text := strings.Join(ch.thought, "")
		b = append(b, `{"type":"thinking","thinking":`...)
		b = scan.AppendString(b, text)
		b = append(b, `,"signature":`...)
		b = append(scan.AppendString(b, sign(text)), '}')
		sep = ","
	}
	if len(ch.pieces) > 0 {
		b = append(append(b, sep...), `{"type":"text","text":`...)
		b = append(scan.AppendString(b, strings.Join(ch.pieces, "")), '}')
		sep = ","
	}
	for i := range ch.calls {
		call := &ch.calls[i]
		b = append(append(b, sep...), `{"type":"tool_use","id":"`...)
		b = append(append(b, call.id...), `","name":`...)
		b = append(scan.AppendString(b, call.name), `,"input":`...)
		b = append(append(b, input(call)...), '}')
		sep = ","
	}
	return b
}

// input returns a call's arguments; those that a limit cut off are no JSON and
// become the empty object.
func input(call *toolCall) string {
	args := call.arguments()
	if !json.Valid([]byte(args)) {
		return "{}"
	}
	return args
}

// appendMessageUsage appends the usage of a message with so many output tokens.
func appendMessageUsage(b []byte, u *Usage, output int, thought bool) []byte {
	b = appendMessageInput(b, u)
	b = appendCount(b, `,"cache_creation":{"ephemeral_5m_input_tokens":`, u.CacheWrite5m)
	b = appendCount(b, `,"ephemeral_1h_input_tokens":`, u.CacheWrite1h)
	b = appendCount(b, `},"output_tokens":`, output)
	if thought {
		b = appendCount(b, `,"output_tokens_details":{"thinking_tokens":`, u.Reasoning)
		b = append(b, '}')
	}
	return append(b, `,"service_tier":"standard","inference_geo":"not_available"}`...)
}

// appendMessageInput appends the start of a usage: the input counts.
func appendMessageInput(b []byte, u *Usage) []byte {
	b = appendCount(b, `{"input_tokens":`, u.Input+u.AudioInput)
	b = appendCount(b, `,"cache_creation_input_tokens":`, u.CacheWrite5m+u.CacheWrite1h)
	return appendCount(b, `,"cache_read_input_tokens":`, u.CacheRead)
}

// messageStream renders an answer as Anthropic's named events.
type messageStream struct {
	stream
	x     *turn
	index int // of the content block
}

func (anthropic) events(x *turn, a *answer) *stream {
	ch := &a.choices[0]
	st := messageStream{x: x}
	st.start(a)
	if len(ch.thought) > 0 {
		st.think(ch)
	}
	if len(ch.pieces) > 0 {
		st.text(ch)
	}
	for i := range ch.calls {
		st.use(&ch.calls[i])
	}
	st.hidden = ch.hidden // also where it was not shown
	st.finish(a)
	return &st.stream
}

func (st *messageStream) start(a *answer) {
	st.name("message_start")
	st.buf = append(st.buf, `"message":{"model":`...)
	st.buf = scan.AppendString(st.buf, a.model)
	st.buf = append(append(st.buf, `,"id":"`...), a.id...)
	st.buf = append(st.buf, `","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null`...)
	if !st.x.do.NoUsage {
		st.buf = append(st.buf, `,"usage":`...)
		st.buf = appendMessageUsage(st.buf, &a.usage, min(1, a.usage.TotalOutput()), false)
	}
	st.buf = append(st.buf, '}')
	st.end()
}

// name starts an event.
func (st *messageStream) name(event string) {
	st.buf = append(append(append(st.buf, "event: "...), event...), "\ndata: {\"type\":\""...)
	st.buf = append(append(st.buf, event...), `",`...)
}

const blanks = "               "

// end ends an event, with the blanks that hide the length of its text.
func (st *messageStream) end() {
	st.buf = append(st.buf, blanks[:mix(uint64(len(st.events)))%uint64(len(blanks))]...)
	st.buf = append(st.buf, '}')
	st.done()
}

// open starts a content block. A ping follows the first.
func (st *messageStream) open(block func()) {
	st.name("content_block_start")
	st.buf = appendCount(st.buf, `"index":`, st.index)
	st.buf = append(st.buf, `,"content_block":{"type":`...)
	block()
	st.buf = append(st.buf, '}')
	st.end()
	if st.index == 0 {
		st.buf = append(st.buf, "event: ping\ndata: {\"type\": \"ping\"}"...)
		st.done()
	}
}

func (st *messageStream) delta(kind, field, text string) {
	st.name("content_block_delta")
	st.buf = appendCount(st.buf, `"index":`, st.index)
	st.buf = append(append(st.buf, `,"delta":{"type":"`...), kind...)
	st.buf = append(append(st.buf, `","`...), field...)
	st.buf = append(scan.AppendString(append(st.buf, `":`...), text), '}')
	st.end()
}

func (st *messageStream) close() {
	st.name("content_block_stop")
	st.buf = appendCount(st.buf, `"index":`, st.index)
	st.end()
	st.index++
}

func (st *messageStream) think(ch *choice) {
	st.open(func() { st.buf = append(st.buf, `"thinking","thinking":"","signature":""`...) })
	for _, piece := range ch.thought {
		st.hidden++
		st.delta("thinking_delta", "thinking", piece)
	}
	st.delta("signature_delta", "signature", sign(strings.Join(ch.thought, "")))
	st.close()
}

func (st *messageStream) text(ch *choice) {
	st.open(func() { st.buf = append(st.buf, `"text","text":""`...) })
	st.hidden = ch.hidden
	for _, piece := range ch.pieces {
		st.out += ch.tokens / len(ch.pieces)
		st.delta("text_delta", "text", piece)
	}
	st.close()
}

func (st *messageStream) use(call *toolCall) {
	st.out += CountTokens(call.name)
	st.open(func() {
		st.buf = append(append(append(st.buf, `"tool_use","id":"`...), call.id...), `","name":`...)
		st.buf = append(scan.AppendString(st.buf, call.name), `,"input":{}`...)
	})
	if call.arguments() != "{}" {
		st.delta("input_json_delta", "partial_json", "")
		for _, piece := range call.pieces {
			st.out++
			st.delta("input_json_delta", "partial_json", piece)
		}
	} else {
		st.out += len(call.pieces)
	}
	st.close()
}

func (st *messageStream) finish(a *answer) {
	ch := &a.choices[0]
	st.name("message_delta")
	st.buf = append(st.buf, `"delta":{"stop_reason":`...)
	st.buf = scan.AppendString(st.buf, stopReason(st.x, ch))
	st.buf = append(st.buf, `,"stop_sequence":`...)
	st.buf = append(appendNullable(st.buf, ch.stop), '}')
	if !st.x.do.NoUsage {
		st.buf = appendMessageInput(append(st.buf, `,"usage":`...), &a.usage)
		st.buf = appendCount(st.buf, `,"output_tokens":`, a.usage.TotalOutput())
		if a.usage.Reasoning > 0 {
			st.buf = appendCount(st.buf, `,"output_tokens_details":{"thinking_tokens":`, a.usage.Reasoning)
			st.buf = append(st.buf, '}')
		}
		st.buf = append(st.buf, '}')
	}
	st.end()
	if !st.x.do.NoDone {
		st.buf = append(st.buf, "event: message_stop\ndata: {\"type\":\"message_stop\""...)
		st.end()
	}
}
