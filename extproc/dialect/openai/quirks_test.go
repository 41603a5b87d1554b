package openai_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

// A client of this dialect keeps what nobody knows, and a server gets it in the
// words that it knows.
func TestQuirksOfServersThatSpeakTheDialect(t *testing.T) {
	const body = `{"model":"a","future":{"x":1},"messages":[{"role":"developer","content":"d"},{"role":"user","weird":true,"content":[{"type":"text","text":"x","more":1},{"type":"image_url","image_url":"https://example.org/a.png"}]},` +
		`{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1"},"extra":2}]},{"role":"tool","tool_call_id":"call_1","name":"f","content":"r"}],` +
		`"max_completion_tokens":5,"stream":true,"stream_options":{"include_usage":false},"functions":[],"tools":[{"type":"function","function":{"name":"f","strict":true}}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"seed":1}`
	r, err := openai.Dialect{}.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		quirks      quirk.Set
		want        string
		wantDropped canon.Dropped
	}{
		{"a server without quirks", quirk.Set{},
			`{"model":"b","messages":[{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"x","more":1},{"type":"image_url","image_url":"https://example.org/a.png"}],"weird":true},` +
				`{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1"},"extra":2}],"reasoning_content":"hm"},{"role":"tool","tool_call_id":"call_1","content":"r","name":"f"}],` +
				`"tools":[{"type":"function","function":{"name":"f","strict":true}}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"seed":1,"max_completion_tokens":5,"stream":true,"stream_options":{"include_usage":true},"future":{"x":1}}`, nil},
		{"a server with all of them", quirk.Set{MaxTokensOnly: true, NoDeveloper: true, NoStreamOptions: true, NoJSONSchema: true, NoImages: true, ShortToolIDs: true, NoStrict: true},
			`{"model":"b","messages":[{"role":"system","content":"d"},{"role":"user","content":[{"type":"text","text":"x","more":1}],"weird":true},` +
				`{"role":"assistant","content":null,"tool_calls":[{"id":"rsOJJjXsd","type":"function","function":{"name":"f","arguments":"{\"a\": 1"},"extra":2}],"reasoning_content":"hm"},{"role":"tool","tool_call_id":"rsOJJjXsd","content":"r","name":"f"}],` +
				`"tools":[{"type":"function","function":{"name":"f"}}],"seed":1,"max_tokens":5,"stream":true,"future":{"x":1}}`,
			canon.Dropped{"response_format", "tools[0].function.strict", "messages[1].content[1].image_url"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dropped, err := openai.Dialect{}.Encode(nil, r, canon.Target{Model: "b", Quirks: c.quirks})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.wantDropped, dropped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAServerThatTakesNoUser holds that it gets none of a client of its own dialect either.
func TestAServerThatTakesNoUser(t *testing.T) {
	r, err := openai.Dialect{}.Decode([]byte(`{"model":"a","messages":[{"role":"user","content":"x"}],"user":"u"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, dropped, err := openai.Dialect{}.Encode(nil, r, canon.Target{Model: "b", Quirks: quirk.Set{NoUser: true}})
	if want := `{"model":"b","messages":[{"role":"user","content":"x"}]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if diff := cmp.Diff(canon.Dropped{"user"}, dropped); diff != "" {
		t.Error(diff)
	}
}
