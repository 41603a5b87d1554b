package canontest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// Random writes requests, answers and streams at random, within what OpenAI and
// Anthropic both can express. The same seed writes the same.
type Random struct{ *rand.Rand }

// NewRandom returns a Random of this seed.
func NewRandom(seed uint64) Random { return Random{rand.New(rand.NewPCG(seed, 1))} }

type object = map[string]any

func (r Random) maybe() bool { return r.IntN(2) == 0 }

// Text returns a text with everything that has to be escaped. It is not blank
// and ends in no blank.
func (r Random) Text() string {
	pieces := []string{"a", "\"", "\\", "\n", "\t", "é", "😀", "\u2028", "</script>", "\x01", "{}", "\\n", "\x7f"}
	s := "t"
	for range r.IntN(8) {
		s += pieces[r.IntN(len(pieces))]
	}
	return s + "."
}

// Object returns the JSON of a tool call's arguments.
func (r Random) Object() object {
	o := object{}
	for i := range r.IntN(3) {
		o[fmt.Sprintf("k%d", i)] = []any{r.Text(), r.IntN(100), nil, object{"x": []any{r.Text(), true}}}[r.IntN(4)]
	}
	return o
}

// Request returns an OpenAI request.
func (r Random) Request() []byte {
	body := object{"model": "m", "max_completion_tokens": 1 + r.IntN(5000), "messages": r.messages()}
	if r.maybe() {
		body["tools"] = []any{object{"type": "function", "function": object{"name": "f", "description": r.Text(), "strict": true, "parameters": r.Schema()}}}
		body["tool_choice"] = []any{"auto", "none", "required", object{"type": "function", "function": object{"name": "f"}}}[r.IntN(4)]
		if body["tool_choice"] != "none" && r.maybe() {
			body["parallel_tool_calls"] = false
		}
	}
	if r.maybe() {
		body["response_format"] = object{"type": "json_schema", "json_schema": object{"name": "answer", "description": r.Text(), "strict": true, "schema": r.Schema()}}
	}
	if r.maybe() {
		body["stop"] = []any{r.Text(), r.Text()}
	}
	if r.maybe() {
		body["temperature"] = float64(r.IntN(11)) / 10
	}
	if r.maybe() {
		body["user"] = fmt.Sprintf("\"é😀\n%d", r.IntN(100)) // servers bound its length
	}
	body["stream"] = r.maybe()
	return encode(body)
}

// Schema returns a schema that both can enforce.
func (r Random) Schema() object {
	properties, required := object{}, []string{}
	for i := range r.IntN(4) {
		name := fmt.Sprintf("k%d", i)
		required = append(required, name)
		properties[name] = []any{
			object{"type": "string", "description": r.Text()},
			object{"type": "array", "items": object{"$ref": "#/$defs/d"}},
			object{"type": "object", "properties": object{"é\n": object{"type": "null"}}, "required": []string{"é\n"}, "additionalProperties": false},
			object{"type": "string", "enum": []any{r.Text(), "b"}},
		}[r.IntN(4)]
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false,
		"$defs": object{"d": object{"type": "integer", "title": r.Text()}}}
}

func (r Random) messages() []any {
	var all []any
	if r.maybe() {
		all = append(all, object{"role": []string{"system", "developer"}[r.IntN(2)], "content": r.Text()})
	}
	for turn := range 1 + r.IntN(3) {
		all = append(all, object{"role": "user", "content": r.content()})
		calls, results := []any{}, []any{}
		for i := range r.IntN(3) {
			id := fmt.Sprintf("%d-%d%s", turn, i, []string{"", " odd:é", "hgid_x"}[r.IntN(3)])
			args := string(encode(r.Object()))
			calls = append(calls, object{"id": id, "type": "function", "function": object{"name": "f", "arguments": args}})
			results = append(results, object{"role": "tool", "tool_call_id": id, "content": r.Text()})
		}
		m := object{"role": "assistant", "content": r.Text()}
		if r.maybe() { // what servers write into their answers though it says nothing
			m["refusal"], m["annotations"], m["audio"], m["prefix"] = nil, []any{}, nil, false
		}
		if len(calls) > 0 {
			m["tool_calls"] = calls
		}
		all = append(append(all, m), results...)
	}
	return append(all, object{"role": "user", "content": r.content()})
}

func (r Random) content() any {
	if r.maybe() {
		return r.Text()
	}
	return []any{
		object{"type": "text", "text": r.Text()},
		[]any{
			object{"type": "image_url", "image_url": object{"url": "data:image/png;base64,AAAA"}},
			object{"type": "image_url", "image_url": object{"url": "https://example.org/" + r.Text()}},
			object{"type": "file", "file": object{"filename": r.Text(), "file_data": "data:application/pdf;base64,JVBE"}},
		}[r.IntN(3)],
		object{"type": "text", "text": r.Text()},
	}
}

// blocks returns the content of an Anthropic answer.
func (r Random) blocks() []object {
	var all []object
	for range r.IntN(3) {
		all = append(all, object{"type": "thinking", "thinking": r.Text(), "signature": "c2ln" + fmt.Sprint(r.IntN(100))})
	}
	if r.IntN(4) == 0 {
		all = append(all, object{"type": "redacted_thinking", "data": "ZGF0"})
	}
	for range r.IntN(3) {
		all = append(all, object{"type": "text", "text": r.Text()})
	}
	for i := range r.IntN(3) {
		all = append(all, object{"type": "tool_use", "id": fmt.Sprintf("toolu_%d", i), "name": "f", "input": r.Object()})
	}
	return all
}

func (r Random) usage() object {
	return object{"input_tokens": r.IntN(100), "cache_read_input_tokens": r.IntN(100), "cache_creation_input_tokens": 30,
		"cache_creation": object{"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
		"output_tokens":  50 + r.IntN(100), "output_tokens_details": object{"thinking_tokens": r.IntN(50)}}
}

func reason(blocks []object, r Random) string {
	if n := len(blocks); n > 0 && blocks[n-1]["type"] == "tool_use" {
		return "tool_use"
	}
	return []string{"end_turn", "max_tokens", "refusal"}[r.IntN(3)]
}

// Answer returns an Anthropic answer.
func (r Random) Answer() []byte {
	blocks := r.blocks()
	return encode(object{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": append([]object{}, blocks...),
		"stop_reason": reason(blocks, r), "stop_sequence": nil, "usage": r.usage()})
}

// Stream returns an Anthropic stream.
func (r Random) Stream() []byte {
	var b []byte
	event := func(kind string, more object) {
		more["type"] = kind
		b = append(b, "event: "+kind+"\ndata: "+string(encode(more))+"\n\n"...)
	}
	blocks := r.blocks()
	event("message_start", object{"message": object{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []any{}, "usage": r.usage()}})
	for i, block := range blocks {
		delta := func(kind, member, text string) {
			for text != "" {
				n := 1 + r.IntN(len(text))
				for n < len(text) && text[n]&0xC0 == 0x80 {
					n++
				}
				event("content_block_delta", object{"index": i, "delta": object{"type": kind, member: text[:n]}})
				text = text[n:]
			}
		}
		start := func(block object) { event("content_block_start", object{"index": i, "content_block": block}) }
		switch block["type"] {
		case "thinking":
			start(object{"type": "thinking", "thinking": "", "signature": ""})
			delta("thinking_delta", "thinking", block["thinking"].(string))
			event("content_block_delta", object{"index": i, "delta": object{"type": "signature_delta", "signature": block["signature"]}})
		case "text":
			start(object{"type": "text", "text": ""})
			delta("text_delta", "text", block["text"].(string))
		case "tool_use":
			start(object{"type": "tool_use", "id": block["id"], "name": block["name"], "input": object{}})
			if input := block["input"].(object); len(input) > 0 {
				delta("input_json_delta", "partial_json", string(encode(input)))
			}
		default:
			start(block)
		}
		event("content_block_stop", object{"index": i})
		if r.maybe() {
			event("ping", object{})
		}
	}
	event("message_delta", object{"delta": object{"stop_reason": reason(blocks, r), "stop_sequence": nil}, "usage": r.usage()})
	event("message_stop", object{})
	return b
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what this file builds can always be written
	}
	return b
}
