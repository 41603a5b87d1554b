package dialect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/policy/quirk"
)

// thinkers are requests of clients that want to see what the model thinks, up to the
// conversation, and what follows it.
var thinkers = map[string][2]string{
	"openai":    {`{"model":"m","reasoning":{"effort":"low"},"messages":[{"role":"user","content":"go"}`, `]}`},
	"anthropic": {`{"model":"m","max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"go"}`, `]}`},
	"responses": {`{"model":"m","reasoning":{"effort":"low","summary":"auto"},"store":false,"include":["reasoning.encrypted_content"],"input":[{"role":"user","content":"go"}`, `]}`},
}

// thoughts are answers of servers that think and then call c1, as streams, by dialect; each
// with what must come back to it.
var thoughts = map[string][]struct{ name, stream, back string }{
	"responses": {
		{"a summary", thoughtStream(`{"type":"summary_text","text":"hm"}`), `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA="}`},
		{"a summary of two parts", thoughtStream(`{"type":"summary_text","text":"h"},{"type":"summary_text","text":"m"}`), `"encrypted_content":"gAAA="`},
		{"nothing that is shown", thoughtStream(``), `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA="}`},
	},
	"anthropic": {
		{"signed and hidden thinking", anthropicThought, `{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0"}`},
	},
}

// thoughtStream is the stream of a response that thinks with this summary.
func thoughtStream(summary string) string {
	const call = `{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}"}`
	thought := `{"type":"reasoning","id":"rs_1","summary":[` + summary + `],"encrypted_content":"gAAA="}`
	var b strings.Builder
	event := func(kind, rest string) {
		b.WriteString("event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + rest + "}\n\n")
	}
	event("response.created", `,"response":{"id":"r","model":"m"}`)
	event("response.output_item.added", `,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}`)
	event("response.output_item.done", `,"output_index":0,"item":`+thought)
	event("response.output_item.added", `,"output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}`)
	event("response.output_item.done", `,"output_index":1,"item":`+call)
	event("response.completed", `,"response":{"id":"r","object":"response","model":"m","status":"completed","output":[`+thought+`,`+call+`]}`)
	return b.String()
}

const anthropicThought = `event: message_start
data: {"type":"message_start","message":{"id":"r","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZGF0"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

`

// goesOn is the request in which a client answers the call of an answer.
func goesOn(t *testing.T, name string, answer []byte) []byte {
	t.Helper()
	var a struct {
		Choices []struct{ Message json.RawMessage }
		Content json.RawMessage
		Output  []json.RawMessage
	}
	decoded(t, answer, &a)
	var turn string
	switch name {
	case "openai":
		turn = string(a.Choices[0].Message) + `,{"role":"tool","tool_call_id":"c1","content":"r"}`
	case "anthropic":
		turn = `{"role":"assistant","content":` + string(a.Content) + `},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r"}]}`
	default:
		for _, item := range a.Output {
			turn += string(item) + ","
		}
		turn += `{"type":"function_call_output","call_id":"c1","output":"r"}`
	}
	return []byte(thinkers[name][0] + "," + turn + thinkers[name][1])
}

// TestReasoningComesBackToItsMaker holds that what only the maker of a reasoning can read
// comes back to it through clients of all dialects, in a tool loop, and goes to nobody else.
func TestReasoningComesBackToItsMaker(t *testing.T) {
	for maker, all := range thoughts {
		for _, thought := range all {
			for _, client := range dialect.All {
				asked, err := client.Decode([]byte(thinkers[client.Name()][0] + thinkers[client.Name()][1]))
				if err != nil {
					t.Fatal(err)
				}
				asker := canon.Client{ID: "x", Request: asked}
				for way, answer := range map[string][]byte{"whole": answered(t, maker, client, asker, []byte(thought.stream)), "streamed": heard(maker, client, asker, []byte(thought.stream))} {
					t.Run(maker+" thinks "+thought.name+", "+way+" to "+client.Name(), func(t *testing.T) {
						comesBack(t, maker, client, goesOn(t, client.Name(), answer), thought.back)
					})
				}
			}
		}
	}
}

// answered is the whole answer that a client gets of a maker's.
func answered(t *testing.T, maker string, client dialect.Dialect, asker canon.Client, stream []byte) []byte {
	t.Helper()
	body := folded(maker, stream)
	if client.Name() == maker {
		return body
	}
	r, err := dialect.ByName(maker).DecodeAnswer(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return client.EncodeAnswer(nil, r, asker)
}

// heard is what a client makes of the stream that it gets of a maker's.
func heard(maker string, client dialect.Dialect, asker canon.Client, stream []byte) []byte {
	if client.Name() != maker {
		stream = canontest.Stream(dialect.ByName(maker).Decoder(false), client.Encoder(asker), stream)
	}
	return folded(client.Name(), stream)
}

// comesBack holds what servers of each dialect are sent.
func comesBack(t *testing.T, maker string, client dialect.Dialect, body []byte, back string) {
	t.Helper()
	r, err := client.Decode(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, to := range dialect.All {
		target := canon.Target{Model: "m", Quirks: quirk.Set{History: quirk.OpenAIHistory, SignedThinking: true}}
		sent := body
		if to.Name() != client.Name() {
			if sent, _, err = to.Encode(nil, r, target); err != nil {
				t.Fatal(err)
			}
		}
		sent, _, _ = to.Mend(sent, &target)
		if to.Name() == maker && !strings.Contains(string(sent), back) {
			t.Errorf("its maker gets %s of %s", sent, body)
		}
		if to.Name() != maker && (strings.Contains(string(sent), "gAAA") || strings.Contains(string(sent), "c2ln") || strings.Contains(string(sent), "ZGF0")) {
			t.Errorf("%s gets %s", to.Name(), sent)
		}
		if strings.Contains(string(sent), canon.SealMark) {
			t.Errorf("%s gets a seal: %s", to.Name(), sent)
		}
	}
}
