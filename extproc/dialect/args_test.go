package dialect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
)

// TestOddArgumentsAreAnObjectForAnthropicsClients holds what becomes of what servers write
// for arguments: in whole answers and in streams, wherever they are cut, the same object.
func TestOddArgumentsAreAnObjectForAnthropicsClients(t *testing.T) {
	from, to := dialect.ByName("openai"), dialect.ByName("anthropic")
	for args, want := range map[string]string{
		``: `{}`, ` `: `{}`, "\n": `{}`, `null`: `{}`, `""`: `{}`, `"null"`: `{}`, ` null `: `{}`, `{}`: `{}`,
		` {"a": "\\\"é"}`: `{"a":"\\\"é"}`,
		`[1]`:             `{"invalid_arguments":"[1]"}`,
		`5`:               `{"invalid_arguments":"5"}`,
		`nullable`:        `{"invalid_arguments":"nullable"}`,
		`say "hi\\"`:      `{"invalid_arguments":"say \"hi\\\\\""}`,
		`"text"`:          `{"invalid_arguments":"\"text\""}`,
	} {
		quoted := string(encoded(args))
		r, err := from.DecodeAnswer([]byte(`{"id":"i","model":"m","choices":[{"index":0,"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":` + quoted + `}},{"id":"d","function":{"name":"f"}}]},"finish_reason":"tool_calls"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := inputs(t, to.EncodeAnswer(nil, r, canon.Client{})); got != want+`{}` {
			t.Errorf("%s becomes %s", quoted, got)
		}
		runes := []rune(args)
		for cut := range len(runes) + 1 {
			stream := ""
			for _, call := range []string{
				`"index":0,"id":"c","function":{"name":"f","arguments":` + string(encoded(string(runes[:cut]))) + `}`,
				`"index":0,"function":{"arguments":` + string(encoded(string(runes[cut:]))) + `}`,
				`"index":1,"id":"d","function":{"name":"f"}`,
			} {
				stream += fmt.Sprintf(`data: {"id":"i","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{%s}]}}]}`+"\n\n", call)
			}
			stream += `data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n"
			if got := streamedInputs(t, canontest.Stream(from.Decoder(false), to.Encoder(canon.Client{}), []byte(stream))); got != want+`{}` {
				t.Errorf("%s cut at %d becomes %s", quoted, cut, got)
			}
		}
	}
}

// inputs returns the inputs of all calls of a message, one after the other.
func inputs(t *testing.T, body []byte) (all string) {
	t.Helper()
	var m struct {
		Content []struct{ Input json.RawMessage }
	}
	decoded(t, body, &m)
	for _, b := range m.Content {
		var v any
		decoded(t, b.Input, &v)
		all += string(encoded(v))
	}
	return all
}

func streamedInputs(t *testing.T, stream []byte) (all string) {
	t.Helper()
	text, ended := "", false
	for line := range strings.Lines(string(stream)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok {
			continue
		}
		var e struct {
			Type  string
			Delta struct {
				Partial string `json:"partial_json"`
			}
		}
		decoded(t, []byte(data), &e)
		text += e.Delta.Partial
		if ended = e.Type == "message_stop"; e.Type == "content_block_stop" {
			var v any = object{}
			if strings.TrimSpace(text) != "" {
				decoded(t, []byte(text), &v)
			}
			all += string(encoded(v))
			text = ""
		}
	}
	if !ended {
		t.Errorf("the stream has no end: %s", stream)
	}
	return all
}

// TestOddInputsAreTextForOpenAIsClients holds the same the other way round.
func TestOddInputsAreTextForOpenAIsClients(t *testing.T) {
	from, to := dialect.ByName("anthropic"), dialect.ByName("openai")
	for input, want := range map[string]string{
		``: `{}`, `,"input":null`: `{}`, `,"input":{}`: `{}`, `,"input":""`: `{}`, `,"input":"null"`: `{}`, `,"input":{"a":1}`: `{"a":1}`,
		`,"input":"{\"a\":1}"`: `{"a":1}`, `,"input":[1]`: `[1]`,
	} {
		block := `{"type":"tool_use","id":"c","name":"f"` + input + `}`
		r, err := from.DecodeAnswer([]byte(`{"id":"i","type":"message","role":"assistant","model":"m","content":[` + block + `],"stop_reason":"tool_use","usage":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		whole := to.EncodeAnswer(nil, r, canon.Client{})
		for _, pieces := range [][]string{nil, {""}, {"null"}, {"n", "ull"}, {" "}} {
			stream := `data: {"type":"message_start","message":{"id":"i","model":"m"}}` + "\n\n" + `data: {"type":"content_block_start","index":0,"content_block":` + block + "}\n\n"
			for _, p := range pieces {
				stream += `data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"` + p + `"}}` + "\n\n"
			}
			stream += `data: {"type":"content_block_stop","index":0}` + "\n\n" + `data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}` + "\n\n" + `data: {"type":"message_stop"}` + "\n\n"
			out := canontest.Stream(from.Decoder(false), to.Encoder(canon.Client{}), []byte(stream))
			if got := argumentsIn(t, out); got != want {
				t.Errorf("%s with %q becomes %q", block, pieces, got)
			}
		}
		if got := argumentsIn(t, append([]byte("data: "), whole...)); got != want {
			t.Errorf("%s becomes %q", block, got)
		}
	}
}

// argumentsIn returns the arguments of the calls in chunks, or in an answer.
func argumentsIn(t *testing.T, stream []byte) (all string) {
	t.Helper()
	for line := range strings.Lines(string(stream)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		type said struct {
			Calls []part `json:"tool_calls"`
		}
		var e struct {
			Choices []struct{ Delta, Message said }
		}
		decoded(t, []byte(data), &e)
		for _, c := range e.Choices {
			for _, k := range append(c.Delta.Calls, c.Message.Calls...) {
				all += k.Function.Arguments
			}
		}
	}
	return all
}

// TestFragmentsFindTheirCall holds which call the pieces of a stream belong to if a server
// says no index, no id, or neither.
func TestFragmentsFindTheirCall(t *testing.T) {
	for name, c := range map[string]struct {
		deltas []string
		want   []string
	}{
		"neither, one call in each delta": {
			[]string{`{"function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"function":{"name":"f","arguments":"{\"m\":\"b\"}"}}`}, []string{"a", "b"}},
		"neither, the same call twice": {
			[]string{`{"function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`}, []string{"a", "a"}},
		"neither, in pieces": {
			[]string{`{"function":{"name":"f","arguments":"{\"m\":"}}`, `{"function":{"arguments":"\"a\"}"}}`, `{"function":{"name":"f","arguments":""}}`, `{"function":{"name":"f","arguments":"{\"m\":"}}`, `{"function":{"name":"f","arguments":"\"b\"}"}}`}, []string{"a", "b"}},
		"neither, two calls in each delta": {
			[]string{`{"function":{"name":"f","arguments":"{\"m\":"}},{"function":{"name":"g","arguments":"{\"m\":"}}`, `{"function":{"arguments":"\"a\"}"}},{"function":{"arguments":"\"b\"}"}}`}, []string{"a", "b"}},
		"an id, no index": {
			[]string{`{"id":"x","function":{"name":"f","arguments":"{\"m\":"}}`, `{"function":{"arguments":"\"a\"}"}}`, `{"id":"y","function":{"name":"f","arguments":"{\"m\":"}}`, `{"id":"y","function":{"arguments":"\"b\"}"}}`}, []string{"a", "b"}},
		"one id, no index": {
			[]string{`{"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"id":"x","function":{"name":"f","arguments":"{\"m\":\"b\"}"}}`}, []string{"a", "b"}},
		"one id, no index, said once more": {
			[]string{`{"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`}, []string{"a"}},
		"one index, no id": {
			[]string{`{"index":0,"id":"","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"index":0,"id":"","function":{"name":"f","arguments":"{\"m\":\"b\"}"}}`}, []string{"a", "b"}},
		"an id in each fragment": {
			[]string{`{"index":0,"id":"x","function":{"name":"f","arguments":"{\"m\":"}}`, `{"index":0,"id":"x","function":{"name":"f","arguments":"\"a\"}"}}`}, []string{"a"}},
		"a number for an id": {
			[]string{`{"index":0,"id":1,"function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"index":0,"id":2,"function":{"name":"f","arguments":"{\"m\":\"b\"}"}}`}, []string{"a", "b"}},
		"a call that is said once more": {
			[]string{`{"index":0,"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"index":0,"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`}, []string{"a"}},
		"a whole call that ends with nothing": {
			[]string{`{"index":0,"id":"x","function":{"name":"f","arguments":"{\"m\":\"a\"}"}}`, `{"index":0,"function":{"name":"f","arguments":""}}`, `{"index":0,"id":"","function":{"arguments":"\n"}}`}, []string{"a"}},
	} {
		stream := ""
		for _, d := range c.deltas {
			stream += `data: {"id":"i","model":"m","choices":[{"index":0,"delta":{"tool_calls":[` + d + `]}}]}` + "\n\n"
		}
		stream += `data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n"
		out := canontest.Stream(dialect.ByName("openai").Decoder(false), dialect.ByName("anthropic").Encoder(canon.Client{}), []byte(stream))
		var got []string
		seen := map[string]bool{}
		for _, k := range callsStreamed(t, "anthropic", out) {
			got = append(got, k.mark)
			if seen[k.id] {
				t.Errorf("%s: %q twice", name, k.id)
			}
			seen[k.id] = true
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
