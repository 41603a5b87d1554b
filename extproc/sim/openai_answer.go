package sim

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

const fingerprint = `"fp_5417b77867"`

// chatFinish gives an ending its OpenAI name.
func chatFinish(x *turn, ch *choice) string {
	if x.do.Finish != "" {
		return x.do.Finish
	}
	switch ch.end {
	case endTool:
		return "tool_calls"
	case endLength:
		return "length"
	}
	return "stop"
}

// json renders an answer as a chat.completion.
func (openAI) json(x *turn, a *answer) []byte {
	b := make([]byte, 0, 1024+400*len(a.choices)+x.do.Oversize)
	b = append(b, `{"id":"`...)
	b = append(b, a.id...)
	b = append(b, `","object":"chat.completion","created":`...)
	b = strconv.AppendInt(b, a.created, 10)
	b = append(b, `,"model":`...)
	b = scan.AppendString(b, a.model)
	b = append(b, `,"choices":[`...)
	for i := range a.choices {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChoice(x, b, &a.choices[i], i)
	}
	b = append(b, ']')
	if !x.do.NoUsage {
		b = append(b, `,"usage":`...)
		b = appendChatUsage(b, &a.usage)
	}
	b = append(b, `,"service_tier":"default","system_fingerprint":`...)
	return append(append(b, fingerprint...), '}')
}

func appendChoice(x *turn, b []byte, ch *choice, index int) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, `,"message":{"role":"assistant","content":`...)
	text := strings.Join(ch.pieces, "")
	switch {
	case ch.refused, len(ch.calls) > 0:
		b = append(b, "null"...)
	default:
		b = scan.AppendString(b, text)
	}
	if x.do.ReasoningContent {
		b = append(b, `,"reasoning_content":`...)
		b = scan.AppendString(b, strings.Join(ch.thought, ""))
	}
	if len(ch.calls) > 0 {
		b = append(b, `,"tool_calls":[`...)
		for i := range ch.calls {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCall(b, &ch.calls[i], ch.calls[i].arguments())
		}
		b = append(b, ']')
	}
	b = append(b, `,"refusal":`...)
	if ch.refused {
		b = scan.AppendString(b, text)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"annotations":[]},"logprobs":null,"finish_reason":`...)
	return append(scan.AppendString(b, chatFinish(x, ch)), '}')
}

func appendCall(b []byte, call *toolCall, arguments string) []byte {
	return appendCallBody(append(b, '{'), call, arguments)
}

// appendCallBody appends a call's members and its closing brace.
func appendCallBody(b []byte, call *toolCall, arguments string) []byte {
	b = append(b, `"id":"`...)
	b = append(b, call.id...)
	b = append(b, `","type":"function","function":{"name":`...)
	b = scan.AppendString(b, call.name)
	b = append(b, `,"arguments":`...)
	b = scan.AppendString(b, arguments)
	return append(b, `}}`...)
}

func appendChatUsage(b []byte, u *Usage) []byte {
	in, out := u.TotalInput(), u.TotalOutput()
	b = appendCount(b, `{"prompt_tokens":`, in)
	b = appendCount(b, `,"completion_tokens":`, out)
	b = appendCount(b, `,"total_tokens":`, in+out)
	b = appendCount(b, `,"prompt_tokens_details":{"cached_tokens":`, u.CacheRead)
	b = appendCount(b, `,"audio_tokens":`, u.AudioInput)
	b = appendCount(b, `},"completion_tokens_details":{"reasoning_tokens":`, u.Reasoning)
	b = appendCount(b, `,"audio_tokens":`, u.AudioOutput)
	return append(b, `,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// chatStream renders an answer as chat.completion.chunk events.
type chatStream struct {
	stream
	x    *turn
	head []byte // of every chunk, up to its choices
}

func (openAI) events(x *turn, a *answer) *stream {
	st := chatStream{x: x}
	st.head = append(st.head, `data: {"id":"`...)
	st.head = append(st.head, a.id...)
	st.head = append(st.head, `","object":"chat.completion.chunk","created":`...)
	st.head = strconv.AppendInt(st.head, a.created, 10)
	st.head = append(st.head, `,"model":`...)
	st.head = scan.AppendString(st.head, a.model)
	st.head = append(st.head, `,"service_tier":"default","system_fingerprint":`...)
	st.head = append(append(st.head, fingerprint...), `,"choices":[`...)
	for i := range a.choices {
		st.choice(&a.choices[i], i)
	}
	if x.call.includeUsage && !x.do.NoUsage {
		st.buf = append(append(st.buf, st.head...), `],"usage":`...)
		st.buf = appendChatUsage(st.buf, &a.usage)
		st.pad()
		st.done()
	}
	if !x.do.NoDone {
		st.buf = append(st.buf, "data: [DONE]"...)
		st.done()
	}
	return &st.stream
}

func (st *chatStream) choice(ch *choice, index int) {
	st.hidden += ch.hidden
	open := func() {
		st.buf = append(st.buf, st.head...)
		st.buf = appendCount(st.buf, `{"index":`, index)
		st.buf = append(st.buf, `,"delta":{`...)
	}
	first := `"content":""`
	if len(ch.calls) > 0 || ch.refused {
		first = `"content":null`
	}
	open()
	st.buf = append(st.buf, `"role":"assistant",`+first+`,"refusal":null}`...)
	st.close("")
	for _, piece := range ch.thought {
		st.piece(open, `"reasoning_content":`, piece, 0)
	}
	name := `"content":`
	if ch.refused {
		name = `"refusal":`
	}
	for _, piece := range ch.pieces {
		st.piece(open, name, piece, ch.tokens/len(ch.pieces))
	}
	for i := range ch.calls {
		st.call(open, &ch.calls[i], i)
	}
	open()
	st.buf = append(st.buf, '}')
	st.close(chatFinish(st.x, ch))
}

func (st *chatStream) piece(open func(), name, piece string, tokens int) {
	open()
	st.buf = append(st.buf, name...)
	st.buf = append(scan.AppendString(st.buf, piece), '}')
	st.out += tokens
	st.close("")
}

// call sends a tool call: id, type and name once, then its arguments.
func (st *chatStream) call(open func(), call *toolCall, i int) {
	open()
	st.buf = appendCount(st.buf, `"tool_calls":[{"index":`, i)
	st.buf = append(st.buf, ',')
	st.buf = append(appendCallBody(st.buf, call, ""), `]}`...)
	st.out += CountTokens(call.name)
	st.close("")
	for _, piece := range call.pieces {
		open()
		st.buf = appendCount(st.buf, `"tool_calls":[{"index":`, i)
		st.buf = append(st.buf, `,"function":{"arguments":`...)
		st.buf = append(scan.AppendString(st.buf, piece), `}}]}`...)
		st.out++
		st.close("")
	}
}

// close ends a chunk with one choice.
func (st *chatStream) close(finish string) {
	st.buf = append(st.buf, `,"finish_reason":`...)
	st.buf = append(appendNullable(st.buf, finish), `}]`...)
	if st.x.call.includeUsage && !st.x.do.NoUsage {
		st.buf = append(st.buf, `,"usage":null`...)
	}
	st.pad()
	st.done()
}

const padding = "nXUCLcdzdJdMMgDHt6k0Oi"

// pad ends a chunk with the padding that hides the length of its text.
func (st *chatStream) pad() {
	if st.x.call.obfuscation {
		n := int(mix(uint64(len(st.events))) % uint64(len(padding)))
		st.buf = append(append(append(st.buf, `,"obfuscation":"`...), padding[:n]...), '"')
	}
	st.buf = append(st.buf, '}')
}
