package responses_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/trait"
)

// everything is a request that says all that the dialect carries.
const everything = `{"model":"m","instructions":"Be brief.","stream":true,"store":true,"previous_response_id":"resp_0","include":["file_search_call.results"],
	"input":[
		{"role":"user","content":"hi"},
		{"type":"message","role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"https://example.org/a.png","detail":"low"},{"type":"input_file","file_id":"file_1"}]},
		{"type":"message","id":"msg_1","role":"assistant","status":"completed","phase":"final","content":[{"type":"output_text","text":"x","annotations":[{"type":"url_citation","url":"u"}],"logprobs":[]}]},
		{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gAAA"},
		{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}","status":"completed"},
		{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"r"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
		{"type":"custom_tool_call","id":"ctc_1","call_id":"c2","name":"g","input":"go"},
		{"type":"custom_tool_call_output","call_id":"c2","output":"gone"},
		{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},
		{"type":"item_reference","id":"msg_9"},
		{"type":"message","role":"critic","content":"odd"},
		{"role":"developer","content":[{"type":"input_text","text":"go on"}]}],
	"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true,"odd":1},{"type":"custom","name":"g","format":{"type":"text"}},{"type":"web_search","filters":{}}],
	"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]},"parallel_tool_calls":false,
	"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":false,"odd":1},"verbosity":"low","odd":2},
	"reasoning":{"effort":"low","summary":"detailed","odd":1},"max_output_tokens":5,"temperature":0.5,"top_p":0.9,"top_logprobs":3,"truncation":"auto","metadata":{"a":"b"},
	"user":"u","safety_identifier":"s","service_tier":"flex","prompt_cache_key":"k","prompt_cache_retention":"24h","background":false,"max_tool_calls":3,
	"stream_options":{"include_obfuscation":false},"unheard_of":{"a":1}}`

// TestARequestThatIsWrittenAnewKeepsAll holds that a client of the dialect loses nothing
// because its request had to be written anew.
func TestARequestThatIsWrittenAnewKeepsAll(t *testing.T) {
	r, err := responses.Dialect{}.Decode([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	body, dropped, err := responses.Dialect{}.Encode(nil, r, canon.Target{Model: "m"})
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %q, %v", dropped, err)
	}
	if diff := cmp.Diff(treeOf(t, []byte(everything)), treeOf(t, body)); diff != "" {
		t.Error(diff)
	}
}

// treeOf is JSON as a tree, in which a message says that it is one.
func treeOf(t *testing.T, body []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	items, _ := v["input"].([]any)
	for _, i := range items {
		if item := i.(map[string]any); item["type"] == nil {
			item["type"] = "message"
		}
	}
	return v
}

// unnamed finds what stands for the name of a tool that is too long.
var unnamed = regexp.MustCompile(`fff_hg\w{10}`)

// TestWhatAModelRefusesIsTakenOut holds what a client of the dialect loses at a model that
// takes less, and that it is named.
func TestWhatAModelRefusesIsTakenOut(t *testing.T) {
	r, err := responses.Dialect{}.Decode([]byte(`{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"https://example.org/a.png"}]},
		{"type":"function_call","call_id":"c1","name":"ffffffffffffffffffff","arguments":"{}"},
		{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"r"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}],
		"tools":[{"type":"function","name":"ffffffffffffffffffff","parameters":{},"strict":true}],"tool_choice":{"type":"function","name":"ffffffffffffffffffff"},
		"text":{"format":{"type":"json_schema","name":"n","schema":{}},"verbosity":"low"}}`))
	if err != nil {
		t.Fatal(err)
	}
	target := canon.Target{Model: "m", Quirks: quirk.Set{NoImages: true, NoJSONSchema: true, NoStrict: true}, Traits: trait.Set{ToolName: 16, Forced: trait.No}}
	body, dropped, err := responses.Dialect{}.Encode(nil, r, target)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"see"}]},
		{"type":"function_call","call_id":"c1","name":"fff_hgNAME","arguments":"{}"},
		{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"r"}]}],
		"tools":[{"type":"function","name":"fff_hgNAME","parameters":{},"strict":false}],"text":{"verbosity":"low"}}`
	if diff := cmp.Diff(treeOf(t, []byte(want)), treeOf(t, unnamed.ReplaceAll(body, []byte("fff_hgNAME")))); diff != "" {
		t.Error(diff)
	}
	lost := canon.Dropped{"text.format", "tool_choice", "tools[0].strict", "input[0].content[1]", "input[2].output[1]"}
	if diff := cmp.Diff(lost, dropped); diff != "" {
		t.Error(diff)
	}
	r.Stream = true
	target = canon.Target{Model: "m", Traits: trait.Set{Tools: trait.No}}
	if _, dropped, err = (responses.Dialect{}).Encode(nil, r, target); err != nil || len(dropped) != 1 || dropped[0] != "tools" {
		t.Errorf("dropped %q, %v", dropped, err)
	}
}
