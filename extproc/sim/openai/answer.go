package openai

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const fingerprint = `"fp_5417b77867"`

// chatFinish gives an ending its OpenAI name.
func chatFinish(x *wire.Turn, ch *wire.Choice) string {
	if x.Do.Finish != "" {
		return x.Do.Finish
	}
	switch ch.End {
	case wire.EndTool:
		return "tool_calls"
	case wire.EndLength:
		return "length"
	}
	return "stop"
}

// JSON renders an answer as a chat.completion.
func (Dialect) JSON(x *wire.Turn, a *wire.Answer) []byte {
	b := make([]byte, 0, 1024+400*len(a.Choices)+x.Do.Oversize)
	b = append(b, `{"id":"`...)
	b = append(b, a.ID...)
	b = append(b, `","object":"chat.completion","created":`...)
	b = strconv.AppendInt(b, a.Created, 10)
	b = append(b, `,"model":`...)
	b = scan.AppendString(b, a.Model)
	b = append(b, `,"choices":[`...)
	for i := range a.Choices {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChoice(x, b, &a.Choices[i], i)
	}
	b = append(b, ']')
	if !x.Do.NoUsage {
		b = append(b, `,"usage":`...)
		b = appendUsage(b, x.Do.Usage, &a.Usage)
	}
	b = append(b, `,"service_tier":"default","system_fingerprint":`...)
	return append(append(b, fingerprint...), '}')
}

func appendChoice(x *wire.Turn, b []byte, ch *wire.Choice, index int) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, `,"message":{"role":"assistant","content":`...)
	text := strings.Join(ch.Pieces, "")
	switch {
	case ch.Refused, len(ch.Calls) > 0:
		b = append(b, "null"...)
	default:
		b = scan.AppendString(b, text)
	}
	if x.Do.ReasoningContent {
		b = append(b, `,"reasoning_content":`...)
		b = scan.AppendString(b, strings.Join(ch.Reasoning, ""))
	}
	if len(ch.Calls) > 0 {
		b = append(b, `,"tool_calls":[`...)
		for i := range ch.Calls {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCall(b, &ch.Calls[i], ch.Calls[i].Arguments())
		}
		b = append(b, ']')
	}
	b = append(b, `,"refusal":`...)
	if ch.Refused {
		b = scan.AppendString(b, text)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"annotations":[]},"logprobs":null,"finish_reason":`...)
	return append(scan.AppendString(b, chatFinish(x, ch)), '}')
}

func appendCall(b []byte, call *wire.ToolCall, arguments string) []byte {
	return appendCallBody(append(b, '{'), call, arguments)
}

// appendCallBody appends a call's members and its closing brace.
func appendCallBody(b []byte, call *wire.ToolCall, arguments string) []byte {
	b = append(b, `"id":"`...)
	b = append(b, call.ID...)
	kind, member := "function", "arguments"
	if call.Custom {
		kind, member = "custom", "input"
	}
	b = append(b, `","type":"`+kind+`","`+kind+`":{"name":`...)
	b = scan.AppendString(b, call.Name)
	b = append(b, `,"`+member+`":`...)
	b = scan.AppendString(b, arguments)
	return append(b, `}}`...)
}

// chatStream renders an answer as chat.completion.chunk events.
type chatStream struct {
	wire.Stream
	x    *wire.Turn
	a    *wire.Answer
	head []byte // of every chunk, up to its choices
}

// Events implements wire.Dialect.
func (Dialect) Events(x *wire.Turn, a *wire.Answer) *wire.Stream {
	st := chatStream{x: x, a: a}
	st.head = append(st.head, `data: {"id":"`...)
	st.head = append(st.head, a.ID...)
	st.head = append(st.head, `","object":"chat.completion.chunk","created":`...)
	st.head = strconv.AppendInt(st.head, a.Created, 10)
	st.head = append(st.head, `,"model":`...)
	st.head = scan.AppendString(st.head, a.Model)
	st.head = append(st.head, `,"service_tier":"default","system_fingerprint":`...)
	st.head = append(append(st.head, fingerprint...), `,"choices":[`...)
	for i := range a.Choices {
		st.choice(&a.Choices[i], i)
	}
	if x.Do.Usage != wire.UsageEarly && x.Do.Usage != wire.UsageGroq {
		st.usage()
	}
	if !x.Do.NoDone {
		st.Buf = append(st.Buf, "data: [DONE]"...)
		st.Done()
	}
	return &st.Stream
}

func (st *chatStream) choice(ch *wire.Choice, index int) {
	st.Hidden += ch.Hidden
	open := func() {
		st.Buf = append(st.Buf, st.head...)
		st.Buf = wire.AppendCount(st.Buf, `{"index":`, index)
		st.Buf = append(st.Buf, `,"delta":{`...)
	}
	first := `"content":""`
	if len(ch.Calls) > 0 || ch.Refused {
		first = `"content":null`
	}
	open()
	st.Buf = append(st.Buf, `"role":"assistant",`+first+`,"refusal":null}`...)
	st.close("")
	for _, piece := range ch.Reasoning {
		st.piece(open, `"reasoning_content":`, piece, 0)
	}
	name := `"content":`
	if ch.Refused {
		name = `"refusal":`
	}
	for _, piece := range ch.Pieces {
		st.piece(open, name, piece, ch.Tokens/len(ch.Pieces))
	}
	for i := range ch.Calls {
		st.call(open, &ch.Calls[i], i)
	}
	if st.x.Do.Usage == wire.UsageEarly && index == len(st.a.Choices)-1 {
		st.usage()
	}
	open()
	st.Buf = append(st.Buf, '}')
	st.close(chatFinish(st.x, ch))
}

func (st *chatStream) piece(open func(), name, piece string, tokens int) {
	open()
	st.Buf = append(st.Buf, name...)
	st.Buf = append(scan.AppendString(st.Buf, piece), '}')
	st.Out += tokens
	st.close("")
}

// call sends a tool call: id, type and name once, then its arguments.
func (st *chatStream) call(open func(), call *wire.ToolCall, i int) {
	open()
	st.Buf = wire.AppendCount(st.Buf, `"tool_calls":[{"index":`, i)
	st.Buf = append(st.Buf, ',')
	st.Buf = append(appendCallBody(st.Buf, call, ""), `]}`...)
	st.Out += wire.CountTokens(call.Name)
	st.close("")
	for _, piece := range call.Pieces {
		open()
		st.Buf = wire.AppendCount(st.Buf, `"tool_calls":[{"index":`, i)
		if call.Custom {
			st.Buf = append(st.Buf, `,"custom":{"input":`...)
		} else {
			st.Buf = append(st.Buf, `,"function":{"arguments":`...)
		}
		st.Buf = append(scan.AppendString(st.Buf, piece), `}}]}`...)
		st.Out++
		st.close("")
	}
}

// close ends a chunk with one choice.
func (st *chatStream) close(finish string) {
	st.Buf = append(st.Buf, `,"finish_reason":`...)
	st.Buf = append(wire.AppendNullable(st.Buf, finish), `}]`...)
	st.usageIn(finish != "")
	st.pad()
	st.Done()
}

const padding = "nXUCLcdzdJdMMgDHt6k0Oi"

// pad ends a chunk with the padding that hides the length of its text.
func (st *chatStream) pad() {
	if st.x.Call.Obfuscation {
		n := int(wire.Mix(uint64(len(st.Events))) % uint64(len(padding)))
		st.Buf = append(append(append(st.Buf, `,"obfuscation":"`...), padding[:n]...), '"')
	}
	st.Buf = append(st.Buf, '}')
}
