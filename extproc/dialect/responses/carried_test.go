package responses_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// brought is a request as Codex sends it to its newest models: all tools stand in an item,
// most of them in namespaces, and an item says anew how much the model is to think.
const brought = `{"model":"m","input":[
	{"type":"additional_tools","id":"at_1","role":"developer","tools":[
		{"type":"namespace","name":"functions","description":"General.","tools":[{"type":"custom","name":"exec","description":"Runs."},{"type":"function","name":"wait","parameters":{"type":"object","properties":{}},"strict":false}]},
		{"type":"namespace","name":"agents","description":"","tools":[{"type":"function","name":"wait","parameters":{"type":"object","properties":{}},"strict":false},{"type":"function","name":"spawn","parameters":{"type":"object","properties":{}},"strict":false}]},
		{"type":"function","name":"look","parameters":{"type":"object","properties":{}},"strict":false}]},
	{"type":"message","role":"user","content":"hi"},
	{"type":"custom_tool_call","call_id":"c1","namespace":"functions","name":"exec","input":"go"},
	{"type":"custom_tool_call_output","call_id":"c1","output":"gone"},
	{"type":"configuration_update","reasoning":{"effort":"low"}}],
	"tool_choice":"auto"}`

// TestToolsOfAnItemAreTools holds that servers of other dialects get the tools that an item
// brings, those in namespaces as well, and what is named of the rest.
func TestToolsOfAnItemAreTools(t *testing.T) {
	for _, to := range []interface {
		Name() string
		Encode([]byte, *canon.Request, canon.Target) ([]byte, canon.Dropped, error)
	}{openai.Dialect{}, anthropic.Dialect{}} {
		body, dropped, err := to.Encode(nil, decoded(t, brought), canon.Target{Model: "m", MaxTokens: 9})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for e := scan.Value(body).Get("tools").Elements(); e.Next(); {
			tool := e.Value()
			for _, inside := range []string{"function", "custom"} {
				if v := tool.Get(inside); v != nil {
					tool = v
				}
			}
			names = append(names, canon.Str(tool.Get("name")))
		}
		if want := []string{"exec", "wait", "spawn", "look"}; !slices.Equal(names, want) {
			t.Errorf("%s has tools %q, want %q: %s", to.Name(), names, want, body)
		}
		slices.Sort(dropped)
		want := canon.Dropped{"input[0].tools[0].description", "input[0].tools[1].tools[0]", "input[4].reasoning"}
		if diff := cmp.Diff(want, dropped); diff != "" {
			t.Errorf("%s: %s", to.Name(), diff)
		}
	}
}

// TestACallNamesTheNamespaceOfItsTool holds that a client gets calls back as it knows the
// tools, of a whole answer and of a stream.
func TestACallNamesTheNamespaceOfItsTool(t *testing.T) {
	const said = `{"id":"i","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"t1","name":"spawn","input":{}},{"type":"tool_use","id":"t2","name":"look","input":{}},` +
		`{"type":"tool_use","id":"t3","name":"exec","input":{"input":"go"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`
	answer, err := anthropic.Dialect{}.DecodeAnswer([]byte(said))
	if err != nil {
		t.Fatal(err)
	}
	asker := canon.Client{Request: decoded(t, brought), ID: "e"}
	whole := responses.Dialect{}.EncodeAnswer(nil, answer, asker)
	streamed, e := []byte{}, responses.Dialect{}.Encoder(asker)
	for _, ev := range answer.Events() {
		streamed = e.Append(streamed, &ev)
	}
	last := streamed[strings.LastIndex(string(streamed), "data: ")+len("data: "):]
	for how, output := range map[string]scan.Value{"whole": scan.Value(whole).Get("output"), "streamed": scan.Value(last).Get("response").Get("output")} {
		var got []string
		for e := output.Elements(); e.Next(); {
			v := e.Value()
			got = append(got, fmt.Sprint(canon.Str(v.Get("type")), " ", string(v.Get("namespace")), canon.Str(v.Get("name"))))
		}
		if want := []string{`function_call "agents"spawn`, `function_call look`, `custom_tool_call "functions"exec`}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", how, got, want)
		}
	}
}

// TestItemsThatAreNoMessagesStayInTheirPlace holds that a server of this dialect gets them as
// they came, but for names that its model does not take.
func TestItemsThatAreNoMessagesStayInTheirPlace(t *testing.T) {
	for _, tools := range []string{``, `,"tools":[{"type":"function","name":"look"},{"type":"namespace","name":"n","tools":[]}]`} {
		said := strings.TrimSuffix(brought, "}") + tools + "}"
		body, dropped, err := responses.Dialect{}.Encode(nil, decoded(t, said), canon.Target{Model: "m"})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %q, %v", dropped, err)
		}
		if diff := cmp.Diff(treeOf(t, []byte(said)), treeOf(t, body)); diff != "" {
			t.Error(diff)
		}
	}
	long := strings.ReplaceAll(brought, `"spawn"`, `"spawn_one_of_many"`)
	target := canon.Target{Model: "m", Traits: trait.Set{ToolName: 16}}
	if !(responses.Dialect{}).MayRefuse([]byte(long), &target) {
		t.Error("a name that is too long was not seen")
	}
	body, _, err := responses.Dialect{}.Encode(nil, decoded(t, long), target)
	if err != nil || !json.Valid(body) || strings.Contains(string(body), "spawn_one_of_many") || !strings.Contains(string(body), `"spa_hg`) {
		t.Errorf("%v: %s", err, body)
	}
	target = canon.Target{Model: "m", Traits: trait.Set{Tools: trait.No}}
	body, dropped, err := responses.Dialect{}.Encode(nil, decoded(t, brought), target)
	if err != nil || !slices.Equal(dropped, canon.Dropped{"tools"}) || strings.Contains(string(body), "additional_tools") {
		t.Errorf("%q, %v: %s", dropped, err, body)
	}
}

// TestToolsOfAnItemAreRead holds what is refused of items that bring tools.
func TestToolsOfAnItemAreRead(t *testing.T) {
	for said, at := range map[string]string{
		`{"type":"additional_tools","tools":{}}`:                                                            "input[0].tools",
		`{"type":"additional_tools","tools":[{"type":"function"}]}`:                                         "input[0].tools[0]",
		`{"type":"additional_tools","tools":[{"type":"namespace"}]}`:                                        "input[0].tools[0]",
		`{"type":"additional_tools","tools":[{"type":"namespace","name":"n","tools":1}]}`:                   "input[0].tools[0].tools",
		`{"type":"additional_tools","tools":[{"type":"namespace","name":"n","tools":[{"type":"custom"}]}]}`: "input[0].tools[0].tools[0]",
	} {
		_, err := responses.Dialect{}.Decode([]byte(`{"model":"m","input":[` + said + `,{"role":"user","content":"hi"}]}`))
		if err == nil || !strings.HasPrefix(err.Error(), at+":") {
			t.Errorf("%s: %v, want one of %s", said, err, at)
		}
	}
	only := decoded(t, `{"model":"m","input":[{"type":"additional_tools","tools":[]}]}`)
	for _, encode := range []func([]byte, *canon.Request, canon.Target) ([]byte, canon.Dropped, error){openai.Dialect{}.Encode, anthropic.Dialect{}.Encode} {
		if body, _, err := encode(nil, only, canon.Target{Model: "m", MaxTokens: 9}); err == nil {
			t.Errorf("nothing is asked: %s", body)
		}
	}
}
