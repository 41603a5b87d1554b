package openai_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

const (
	customTool    = `{"type":"custom","custom":{"name":"patch","description":"Mends.","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"a+"}}}}`
	customChoice  = `{"type":"custom","custom":{"name":"patch"}}`
	customCall    = `{"id":"call_1","type":"custom","custom":{"name":"patch","input":"a \"b\"\n"}}`
	functionTool  = `{"type":"function","function":{"name":"patch","description":"Mends.\n\nThe argument \"input\" is a text, taken as it is. It must match this grammar (regex):\na+","parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}}}`
	functionPick  = `{"type":"function","function":{"name":"patch"}}`
	functionCall  = `{"id":"call_1","type":"function","function":{"name":"patch","arguments":"{\"input\":\"a \\\"b\\\"\\n\"}"}}`
	customRequest = `{"model":"m","tools":[` + customTool + `],"tool_choice":` + customChoice + `,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[` + customCall + `]},{"role":"tool","tool_call_id":"call_1","content":"done"}]}`
)

// asksCustom is the request of a client with a custom tool.
func asksCustom(t *testing.T) *canon.Request {
	t.Helper()
	r, err := openai.Dialect{}.Decode([]byte(customRequest))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestACustomToolGoesToEachServerAsItKnowsIt holds what a server gets of a custom tool, of the
// choice of it, and of its call.
func TestACustomToolGoesToEachServerAsItKnowsIt(t *testing.T) {
	for _, c := range []struct {
		name               string
		dialect            string // that the client speaks
		quirks             quirk.Set
		tool, choice, call string
		dropped            []string
	}{
		{"its own dialect", "openai", quirk.Set{}, customTool, customChoice, customCall, nil},
		{"a server of functions", "openai", quirk.Set{NoCustom: true}, functionTool, functionPick, functionCall, []string{"tools[0].custom.format"}},
		{"another dialect", "other", quirk.Set{}, customTool, customChoice, customCall, nil},
		{"another dialect and a server of functions", "other", quirk.Set{NoCustom: true}, functionTool, functionPick, functionCall, []string{"tools[0].custom.format"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := asksCustom(t)
			r.Dialect = c.dialect
			body, dropped, err := openai.Dialect{}.Encode(nil, r, canon.Target{Model: "m", Quirks: c.quirks})
			if err != nil {
				t.Fatal(err)
			}
			var sent struct {
				Tools    []json.RawMessage
				Choice   json.RawMessage `json:"tool_choice"`
				Messages []struct {
					Calls []json.RawMessage `json:"tool_calls"`
				}
			}
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatal(err)
			}
			got := []string{asTree(t, sent.Tools[0]), asTree(t, sent.Choice), asTree(t, sent.Messages[1].Calls[0])}
			want := []string{asTree(t, []byte(c.tool)), asTree(t, []byte(c.choice)), asTree(t, []byte(c.call))}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.dropped, []string(dropped)); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}

// asTree is JSON with its members in one order. A format that says its kind only by its grammar
// is the same.
func asTree(t *testing.T, text []byte) string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAFunctionThatStandsForACustomToolIsCalledAsOne holds that the client gets calls of the tool
// that it has, whole and in a stream that comes in whatever pieces.
func TestAFunctionThatStandsForACustomToolIsCalledAsOne(t *testing.T) {
	asker := canon.Client{Request: asksCustom(t), ID: "i"}
	const name = "patch"
	whole := map[string][]byte{
		"openai":    []byte(`{"id":"i","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[` + strings.Replace(functionCall, "call_1", "call_2", 1) + `]},"finish_reason":"tool_calls"}]}`),
		"anthropic": []byte(`{"id":"i","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"call_2","name":"patch","input":{"input":"a \"b\"\n"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`),
	}
	for from, body := range whole {
		r, err := backends[from].DecodeAnswer(body)
		if err != nil {
			t.Fatal(err)
		}
		got := openai.Dialect{}.EncodeAnswer(nil, r, asker)
		if want := strings.Replace(customCall, "call_1", "call_2", 1); !bytes.Contains(got, []byte(want)) || !bytes.Contains(got, []byte(`"finish_reason":"tool_calls"`)) {
			t.Errorf("%s: %s", from, got)
		}
		stream := encodeStream(r)
		for _, size := range []int{1, 7, len(stream)} {
			out := canontest.Stream(openai.Dialect{}.Decoder(false), openai.Dialect{}.Encoder(asker), canontest.Pieces(stream, size)...)
			if text := inputOf(t, out, name); text != "a \"b\"\n" {
				t.Errorf("%s in pieces of %d: %q\n%s", from, size, text, out)
			}
		}
	}
}

var backends = map[string]interface {
	DecodeAnswer([]byte) (*canon.Response, error)
}{"openai": openai.Dialect{}, "anthropic": anthropic.Dialect{}}

// encodeStream is an answer as a server streams it, its arguments in two pieces.
func encodeStream(r *canon.Response) []byte {
	e := openai.Dialect{}.Encoder(canon.Client{})
	var out []byte
	for _, ev := range r.Events() {
		if ev.Kind == canon.EventToolArgs {
			half := ev
			cut := bytes.IndexByte(ev.Text, ':')
			half.Text = append(bytes.Clone(ev.Text[:cut]), '"')
			ev.Text = append([]byte{'"'}, ev.Text[cut:]...)
			out = e.Append(out, &half)
		}
		out = e.Append(out, &ev)
	}
	return out
}

// inputOf is the text of the only call of a stream, which must be of the custom tool.
func inputOf(t *testing.T, stream []byte, name string) (text string) {
	t.Helper()
	calls := 0
	for line := range strings.Lines(string(stream)) {
		var chunk struct {
			Choices []struct {
				Delta struct {
					Calls []struct {
						Type   string
						Custom *struct{ Name, Input string }
					} `json:"tool_calls"`
				}
			}
		}
		data, ok := strings.CutPrefix(line, "data: {")
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte("{"+data), &chunk); err != nil {
			t.Fatal(err)
		}
		for _, choice := range chunk.Choices {
			for _, call := range choice.Delta.Calls {
				if call.Custom == nil || call.Type == "custom" && call.Custom.Name != name {
					t.Fatalf("no custom call: %s", line)
				}
				if call.Type == "custom" {
					calls++
				}
				text += call.Custom.Input
			}
		}
	}
	if calls != 1 {
		t.Fatalf("%d calls: %s", calls, stream)
	}
	return text
}

// TestAStreamThatEndsInACallGivesWhatCame holds that a text which has never come to its end is not
// lost, and goes before the end of its choice.
func TestAStreamThatEndsInACallGivesWhatCame(t *testing.T) {
	const stream = `data: {"id":"i","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"patch","arguments":"{\"input\":\"a"}}]}}]}` + "\n\n" +
		`data: {"id":"i","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}` + "\n\ndata: [DONE]\n\n"
	out := canontest.Stream(openai.Dialect{}.Decoder(false), openai.Dialect{}.Encoder(canon.Client{Request: asksCustom(t)}), []byte(stream))
	if text := inputOf(t, out, "patch"); text != `{"input":"a` {
		t.Errorf("%q", text)
	}
	if !bytes.Contains(out, []byte(`"finish_reason":"length"`)) || !bytes.HasSuffix(out, []byte("data: [DONE]\n\n")) {
		t.Errorf("no end: %s", out)
	}
}
