package dialect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// The forms of calls and results in all dialects, as TestCalls… needs them.

func mark(turn, i int) string { return fmt.Sprintf("m%d-%d", turn, i) }

func member(id string) string {
	if id == "" {
		return ""
	}
	return `"id":` + id + `,`
}

// whole are answers of servers with calls of these ids.
var whole = map[string]func(turn int, ids []string) []byte{
	"openai": func(turn int, ids []string) []byte {
		var calls []string
		for i, id := range ids {
			calls = append(calls, fmt.Sprintf(`{%s"type":"function","function":{"name":"f","arguments":"{\"m\":\"%s\"}"}}`, member(id), mark(turn, i)))
		}
		return []byte(`{"id":"same","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[` + strings.Join(calls, ",") + `]},"finish_reason":"tool_calls"}]}`)
	},
	"anthropic": func(turn int, ids []string) []byte {
		var blocks []string
		for i, id := range ids {
			blocks = append(blocks, fmt.Sprintf(`{%s"type":"tool_use","name":"f","input":{"m":%q}}`, member(id), mark(turn, i)))
		}
		return []byte(`{"id":"same","type":"message","role":"assistant","model":"m","content":[` + strings.Join(blocks, ",") + `],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`)
	},
	"responses": response,
}

// response is such an answer of a server of responses.
func response(turn int, ids []string) []byte {
	var items []string
	for i, id := range ids {
		items = append(items, item(turn, i, id))
	}
	return []byte(`{"id":"same","object":"response","model":"m","status":"completed","output":[` + strings.Join(items, ",") + `]}`)
}

// item is a call as an item of a response.
func item(turn, i int, id string) string {
	return fmt.Sprintf(`{"type":"function_call",%s"name":"f","arguments":"{\"m\":\"%s\"}"}`, strings.Replace(member(id), "id", "call_id", 1), mark(turn, i))
}

// streamed are the same answers as streams.
var streamed = map[string]func(turn int, ids []string) []byte{
	"openai": func(turn int, ids []string) []byte {
		var b bytes.Buffer
		for i, id := range ids {
			fmt.Fprintf(&b, `data: {"id":"same","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,%s"function":{"name":"f","arguments":"{\"m\":"}}]}}]}`+"\n\n", i, member(id))
			fmt.Fprintf(&b, `data: {"id":"same","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"arguments":"\"%s\"}"}}]}}]}`+"\n\n", i, mark(turn, i))
		}
		b.WriteString(`data: {"id":"same","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n")
		return b.Bytes()
	},
	"anthropic": func(turn int, ids []string) []byte {
		var b bytes.Buffer
		event := func(kind, rest string) { fmt.Fprintf(&b, "event: %s\ndata: {\"type\":%q%s}\n\n", kind, kind, rest) }
		event("message_start", `,"message":{"id":"same","model":"m","usage":{"input_tokens":1}}`)
		for i, id := range ids {
			event("content_block_start", fmt.Sprintf(`,"index":%d,"content_block":{%s"type":"tool_use","name":"f","input":{}}`, i, member(id)))
			event("content_block_delta", fmt.Sprintf(`,"index":%d,"delta":{"type":"input_json_delta","partial_json":"{\"m\":\"%s\"}"}`, i, mark(turn, i)))
			event("content_block_stop", fmt.Sprintf(`,"index":%d`, i))
		}
		event("message_delta", `,"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}`)
		event("message_stop", "")
		return b.Bytes()
	},
	"responses": func(turn int, ids []string) []byte {
		var b bytes.Buffer
		event := func(kind, rest string) { fmt.Fprintf(&b, "event: %s\ndata: {\"type\":%q%s}\n\n", kind, kind, rest) }
		event("response.created", `,"response":{"id":"same","model":"m"}`)
		for i, id := range ids {
			whole := item(turn, i, id)
			begun, _, _ := strings.Cut(whole, `"arguments"`)
			event("response.output_item.added", fmt.Sprintf(`,"output_index":%d,"item":%s"arguments":""}`, i, begun))
			event("response.function_call_arguments.delta", fmt.Sprintf(`,"output_index":%d,"delta":"{\"m\":\"%s\"}"`, i, mark(turn, i)))
			event("response.output_item.done", fmt.Sprintf(`,"output_index":%d,"item":%s`, i, whole))
		}
		event("response.completed", `,"response":`+string(response(turn, ids)))
		return b.Bytes()
	},
}

// said are the messages in which a client says what was called and what came of it.
var said = map[string]func(calls, results []call) []any{
	"openai": func(calls, results []call) []any {
		var list []any
		for _, k := range calls {
			list = append(list, object{"id": k.id, "type": "function", "function": object{"name": "f", "arguments": string(encoded(object{"m": k.mark}))}})
		}
		all := []any{object{"role": "assistant", "content": nil, "tool_calls": list}}
		for _, k := range results {
			all = append(all, object{"role": "tool", "tool_call_id": k.id, "content": k.mark})
		}
		return all
	},
	"anthropic": func(calls, results []call) []any {
		var list, back []any
		for _, k := range calls {
			list = append(list, object{"type": "tool_use", "id": k.id, "name": "f", "input": object{"m": k.mark}})
		}
		for _, k := range results {
			back = append(back, object{"type": "tool_result", "tool_use_id": k.id, "content": k.mark})
		}
		return []any{object{"role": "assistant", "content": list}, object{"role": "user", "content": back}}
	},
	"responses": func(calls, results []call) (all []any) {
		for _, k := range calls {
			all = append(all, object{"type": "function_call", "call_id": k.id, "name": "f", "arguments": string(encoded(object{"m": k.mark}))})
		}
		for _, k := range results {
			all = append(all, object{"type": "function_call_output", "call_id": k.id, "output": k.mark})
		}
		return all
	},
}

// part is a call or a result in the words of any dialect.
type part struct {
	Type      string
	ID        string
	ToolUseID string `json:"tool_use_id"`
	Input     struct{ M string }
	Content   string
	Index     int
	Function  struct{ Arguments string }
	CallID    string `json:"call_id"`
	Arguments string
}

func (p *part) call(t *testing.T) call {
	t.Helper()
	if text := p.Function.Arguments + p.Arguments; text != "" {
		decoded(t, []byte(text), &p.Input)
	}
	if p.Type == "function_call" { // an item has an id of its own
		p.ID = p.CallID
	}
	return call{p.ID, p.Input.M}
}

// callsIn returns the calls of a whole answer.
func callsIn(t *testing.T, name string, body []byte) (calls []call) {
	t.Helper()
	var a struct {
		Content []part
		Output  []part
		Choices []struct {
			Message struct {
				Calls []part `json:"tool_calls"`
			}
		}
	}
	decoded(t, body, &a)
	parts := a.Content
	switch name {
	case "openai":
		parts = a.Choices[0].Message.Calls
	case "responses":
		parts = a.Output
	}
	for i := range parts {
		calls = append(calls, parts[i].call(t))
	}
	return calls
}

// callsStreamed returns the calls of a stream.
func callsStreamed(t *testing.T, name string, stream []byte) (calls []call) {
	t.Helper()
	if name == "responses" {
		return callsIn(t, name, folded(name, stream))
	}
	var parts []*part
	for line := range strings.Lines(string(stream)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var e struct {
			Block *part `json:"content_block"`
			Delta struct {
				Partial string `json:"partial_json"`
			}
			Choices []struct {
				Delta struct {
					Calls []*part `json:"tool_calls"`
				}
			}
			Error any
		}
		decoded(t, []byte(data), &e)
		if e.Error != nil {
			t.Fatalf("the stream failed: %s", stream)
		}
		switch {
		case e.Block != nil:
			parts = append(parts, e.Block)
		case e.Delta.Partial != "":
			parts[len(parts)-1].Function.Arguments += e.Delta.Partial
		}
		for _, c := range e.Choices {
			for _, k := range c.Delta.Calls {
				if k.Index == len(parts) {
					parts = append(parts, &part{ID: k.ID})
				}
				parts[k.Index].Function.Arguments += k.Function.Arguments
			}
		}
	}
	for _, p := range parts {
		calls = append(calls, p.call(t))
	}
	return calls
}

// asked returns what marks the calls and the results that a server is sent, by id.
func asked(t *testing.T, name string, body []byte) (calls, results map[string]string) {
	t.Helper()
	var q struct {
		Messages []struct {
			Content json.RawMessage
			Calls   []part `json:"tool_calls"`
			CallID  string `json:"tool_call_id"`
		}
		Input []struct {
			part
			Content json.RawMessage
			Output  string
		}
	}
	decoded(t, body, &q)
	calls, results = map[string]string{}, map[string]string{}
	set := func(of map[string]string, id, mark string) {
		if _, twice := of[id]; twice {
			t.Errorf("%q twice: %s", id, body)
		}
		of[id] = mark
	}
	for _, m := range q.Messages {
		var blocks []part
		if name == "anthropic" && m.Content[0] == '[' {
			decoded(t, m.Content, &blocks)
		}
		for _, p := range append(blocks, m.Calls...) {
			if p.ToolUseID != "" {
				set(results, p.ToolUseID, p.Content)
				continue
			}
			k := p.call(t)
			set(calls, k.id, k.mark)
		}
		if m.CallID != "" {
			var text string
			decoded(t, m.Content, &text)
			set(results, m.CallID, text)
		}
	}
	for i := range q.Input {
		switch item := &q.Input[i]; item.Type {
		case "function_call":
			k := item.call(t)
			set(calls, k.id, k.mark)
		case "function_call_output":
			set(results, item.CallID, item.Output)
		}
	}
	return calls, results
}

func decoded(t *testing.T, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
}
