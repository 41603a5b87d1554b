package anthropic

import (
	"encoding/json"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// stopReason gives an ending its Anthropic name.
func stopReason(x *wire.Turn, ch *wire.Choice) string {
	if x.Do.Finish != "" {
		return x.Do.Finish
	}
	switch ch.End {
	case wire.EndTool:
		return "tool_use"
	case wire.EndLength:
		return "max_tokens"
	case wire.EndSequence:
		return "stop_sequence"
	case wire.EndRefusal:
		return "refusal"
	}
	return "end_turn"
}

// JSON renders an answer as a message.
func (d Dialect) JSON(x *wire.Turn, a *wire.Answer) []byte {
	d.keep(x, a)
	ch := &a.Choices[0]
	b := make([]byte, 0, 1024+200+x.Do.Oversize)
	b = append(b, `{"model":`...)
	b = scan.AppendString(b, a.Model)
	b = append(append(append(b, `,"id":"`...), a.ID...), `","type":"message","role":"assistant","content":[`...)
	b = appendBlocks(b, ch)
	b = append(b, `],"stop_reason":`...)
	b = scan.AppendString(b, stopReason(x, ch))
	b = append(b, `,"stop_sequence":`...)
	b = wire.AppendNullable(b, ch.Stop)
	if !x.Do.NoUsage {
		b = append(b, `,"usage":`...)
		b = appendMessageUsage(b, &a.Usage, a.Usage.TotalOutput(), a.Usage.Reasoning > 0)
	}
	return append(b, '}')
}

func appendBlocks(b []byte, ch *wire.Choice) []byte {
	sep := ""
	if len(ch.Reasoning) > 0 {
		text := strings.Join(ch.Reasoning, "")
		b = append(b, `{"type":"thinking","thinking":`...)
		b = scan.AppendString(b, text)
		b = append(b, `,"signature":`...)
		b = append(scan.AppendString(b, sign(text)), '}')
		sep = ","
	}
	if len(ch.Pieces) > 0 {
		b = append(append(b, sep...), `{"type":"text","text":`...)
		b = append(scan.AppendString(b, strings.Join(ch.Pieces, "")), '}')
		sep = ","
	}
	for i := range ch.Calls {
		call := &ch.Calls[i]
		b = append(append(b, sep...), `{"type":"tool_use","id":"`...)
		b = append(append(b, call.ID...), `","name":`...)
		b = append(scan.AppendString(b, call.Name), `,"input":`...)
		b = append(append(b, input(call)...), '}')
		sep = ","
	}
	return b
}

// input returns a call's arguments; those that a limit cut off are no JSON and
// become the empty object.
func input(call *wire.ToolCall) string {
	args := call.Arguments()
	if !json.Valid([]byte(args)) {
		return "{}"
	}
	return args
}

// appendMessageUsage appends the usage of a message with so many output tokens.
func appendMessageUsage(b []byte, u *wire.Usage, output int, thinks bool) []byte {
	b = appendMessageInput(b, u)
	b = wire.AppendCount(b, `,"cache_creation":{"ephemeral_5m_input_tokens":`, u.CacheWrite5m)
	b = wire.AppendCount(b, `,"ephemeral_1h_input_tokens":`, u.CacheWrite1h)
	b = wire.AppendCount(b, `},"output_tokens":`, output)
	if thinks {
		b = wire.AppendCount(b, `,"output_tokens_details":{"thinking_tokens":`, u.Reasoning)
		b = append(b, '}')
	}
	return append(b, `,"service_tier":"standard","inference_geo":"not_available"}`...)
}

// appendMessageInput appends the start of a usage: the input counts.
func appendMessageInput(b []byte, u *wire.Usage) []byte {
	b = wire.AppendCount(b, `{"input_tokens":`, u.Input+u.AudioInput)
	b = wire.AppendCount(b, `,"cache_creation_input_tokens":`, u.CacheWrite5m+u.CacheWrite1h)
	return wire.AppendCount(b, `,"cache_read_input_tokens":`, u.CacheRead)
}

// messageStream renders an answer as Anthropic's named events.
type messageStream struct {
	wire.Stream
	x     *wire.Turn
	index int // of the content block
}

// Events implements wire.Dialect.
func (d Dialect) Events(x *wire.Turn, a *wire.Answer) *wire.Stream {
	d.keep(x, a)
	ch := &a.Choices[0]
	st := messageStream{x: x}
	st.start(a)
	if len(ch.Reasoning) > 0 {
		st.think(ch)
	}
	if len(ch.Pieces) > 0 {
		st.text(ch)
	}
	for i := range ch.Calls {
		st.use(&ch.Calls[i])
	}
	st.Hidden = ch.Hidden // also if it was not shown
	st.finish(a)
	return &st.Stream
}

func (st *messageStream) start(a *wire.Answer) {
	st.name("message_start")
	st.Buf = append(st.Buf, `"message":{"model":`...)
	st.Buf = scan.AppendString(st.Buf, a.Model)
	st.Buf = append(append(st.Buf, `,"id":"`...), a.ID...)
	st.Buf = append(st.Buf, `","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null`...)
	if !st.x.Do.NoUsage {
		st.Buf = append(st.Buf, `,"usage":`...)
		st.Buf = appendMessageUsage(st.Buf, &a.Usage, min(1, a.Usage.TotalOutput()), false)
	}
	st.Buf = append(st.Buf, '}')
	st.end()
}

// name starts an event.
func (st *messageStream) name(event string) {
	st.Buf = append(append(append(st.Buf, "event: "...), event...), "\ndata: {\"type\":\""...)
	st.Buf = append(append(st.Buf, event...), `",`...)
}

const blanks = "               "

// end ends an event, with the blanks that hide the length of its text.
func (st *messageStream) end() {
	st.Buf = append(st.Buf, blanks[:wire.Mix(uint64(len(st.Events)))%uint64(len(blanks))]...)
	st.Buf = append(st.Buf, '}')
	st.Done()
}

// open starts a content block. A ping follows the first.
func (st *messageStream) open(block func()) {
	st.name("content_block_start")
	st.Buf = wire.AppendCount(st.Buf, `"index":`, st.index)
	st.Buf = append(st.Buf, `,"content_block":{"type":`...)
	block()
	st.Buf = append(st.Buf, '}')
	st.end()
	if st.index == 0 {
		st.Buf = append(st.Buf, "event: ping\ndata: {\"type\": \"ping\"}"...)
		st.Done()
	}
}

func (st *messageStream) delta(kind, field, text string) {
	st.name("content_block_delta")
	st.Buf = wire.AppendCount(st.Buf, `"index":`, st.index)
	st.Buf = append(append(st.Buf, `,"delta":{"type":"`...), kind...)
	st.Buf = append(append(st.Buf, `","`...), field...)
	st.Buf = append(scan.AppendString(append(st.Buf, `":`...), text), '}')
	st.end()
}

func (st *messageStream) close() {
	st.name("content_block_stop")
	st.Buf = wire.AppendCount(st.Buf, `"index":`, st.index)
	st.end()
	st.index++
}

func (st *messageStream) think(ch *wire.Choice) {
	st.open(func() { st.Buf = append(st.Buf, `"thinking","thinking":"","signature":""`...) })
	for _, piece := range ch.Reasoning {
		st.Hidden++
		st.delta("thinking_delta", "thinking", piece)
	}
	st.delta("signature_delta", "signature", sign(strings.Join(ch.Reasoning, "")))
	st.close()
}

func (st *messageStream) text(ch *wire.Choice) {
	st.open(func() { st.Buf = append(st.Buf, `"text","text":""`...) })
	st.Hidden = ch.Hidden
	for _, piece := range ch.Pieces {
		st.Out += ch.Tokens / len(ch.Pieces)
		st.delta("text_delta", "text", piece)
	}
	st.close()
}

func (st *messageStream) use(call *wire.ToolCall) {
	st.Out += wire.CountTokens(call.Name)
	st.open(func() {
		st.Buf = append(append(append(st.Buf, `"tool_use","id":"`...), call.ID...), `","name":`...)
		st.Buf = append(scan.AppendString(st.Buf, call.Name), `,"input":{}`...)
	})
	if call.Arguments() != "{}" {
		st.delta("input_json_delta", "partial_json", "")
		for _, piece := range call.Pieces {
			st.Out++
			st.delta("input_json_delta", "partial_json", piece)
		}
	} else {
		st.Out += len(call.Pieces)
	}
	st.close()
}

func (st *messageStream) finish(a *wire.Answer) {
	ch := &a.Choices[0]
	st.name("message_delta")
	st.Buf = append(st.Buf, `"delta":{"stop_reason":`...)
	st.Buf = scan.AppendString(st.Buf, stopReason(st.x, ch))
	st.Buf = append(st.Buf, `,"stop_sequence":`...)
	st.Buf = append(wire.AppendNullable(st.Buf, ch.Stop), '}')
	if !st.x.Do.NoUsage {
		st.Buf = appendMessageInput(append(st.Buf, `,"usage":`...), &a.Usage)
		st.Buf = wire.AppendCount(st.Buf, `,"output_tokens":`, a.Usage.TotalOutput())
		if a.Usage.Reasoning > 0 {
			st.Buf = wire.AppendCount(st.Buf, `,"output_tokens_details":{"thinking_tokens":`, a.Usage.Reasoning)
			st.Buf = append(st.Buf, '}')
		}
		st.Buf = append(st.Buf, '}')
	}
	st.end()
	if !st.x.Do.NoDone {
		st.Buf = append(st.Buf, "event: message_stop\ndata: {\"type\":\"message_stop\""...)
		st.end()
	}
}
