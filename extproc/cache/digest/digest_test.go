package digest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/cache/digest"
	"github.com/headgate/headgate/extproc/dialect"
)

// of reads a body of a dialect and hashes it.
func of(t *testing.T, name, body string) digest.Digest {
	t.Helper()
	r, err := dialect.ByName(name).Decode([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return digest.Of([]byte("x"), r, 1)
}

// TestEqualRequestsHaveOneHash holds that neither the dialect nor the spelling shows in a hash, nor
// what changes no answer.
func TestEqualRequestsHaveOneHash(t *testing.T) {
	const asked = `{"model":"m","temperature":0,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Café?"}]`
	want := of(t, "openai", asked+`}`)
	if want.Question != "Café?" {
		t.Errorf("question %q", want.Question)
	}
	for _, c := range []struct{ dialect, body string }{
		{"openai", asked + `,"stream":true,"stream_options":{"include_usage":true}}`},
		{"openai", asked + `,"user":"ada","metadata":{"a":"b"},"store":true,"service_tier":"flex","prompt_cache_key":"k","safety_identifier":"s"}`},
		{"openai", asked + `,"max_tokens":100}`},
		{"openai", asked + `,"n":1}`},
		{"openai", `{"messages":[{"content":"Be brief.","role":"developer"},{"role":"user","content":[{"type":"text","text":"Caf\u00e9?"}]}],"temperature":0.0,"model":"m"}`},
		{"anthropic", `{"model":"m","temperature":0,"max_tokens":1024,"system":"Be brief.","messages":[{"role":"user","content":"Café?"}]}`},
		{"anthropic", `{"model":"m","temperature":0e0,"max_tokens":9,"stream":true,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Caf\u00E9?"}]}]}`},
		{"responses", `{"model":"m","temperature":0,"max_output_tokens":1024,"instructions":"Be brief.","input":"Café?"}`},
		{"responses", `{"model":"m","temperature":0.0,"stream":true,"store":false,"metadata":{"a":"b"},"user":"u","prompt_cache_key":"k","instructions":"Be brief.","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Caf\u00e9?"}]}]}`},
	} {
		if got := of(t, c.dialect, c.body); got != want {
			t.Errorf("%s: %s: another hash", c.dialect, c.body)
		}
	}
	const tools = `,"messages":[{"role":"user","content":"Go."}],"tools":[`
	a := of(t, "openai", `{"model":"m"`+tools+`{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}],"tool_choice":"required"}`)
	b := of(t, "anthropic", `{"model":"m","max_tokens":1`+tools+`{"name":"f","description":"d","input_schema":{"properties":{"a":{"type":"string"}},"type":"object"}}],"tool_choice":{"type":"any"}}`)
	if a != b {
		t.Error("the same tools have two hashes")
	}
	b = of(t, "responses", `{"model":"m","input":"Go.","tools":[{"type":"function","name":"f","description":"d","strict":false,"parameters":{"properties":{"a":{"type":"string"}},"type":"object"}}],"tool_choice":"required"}`)
	if a != b {
		t.Error("the same tools have another hash in a request for a response")
	}
	a = of(t, "openai", `{"model":"m","messages":[{"role":"user","content":"Go."},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"r"},{"role":"tool","tool_call_id":"2","content":"s"}]}`)
	b = of(t, "anthropic", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Go."},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{"a":1}},{"type":"tool_use","id":"2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"r"},{"type":"tool_result","tool_use_id":"2","content":"s"}]}]}`)
	if a != b {
		t.Error("the same calls and results have two hashes")
	}
	b = of(t, "responses", `{"model":"m","input":[{"role":"user","content":"Go."},{"type":"function_call","call_id":"1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call","call_id":"2","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"r"},{"type":"function_call_output","call_id":"2","output":"s"}]}`)
	if a != b {
		t.Error("the same calls and results have another hash in a request for a response")
	}
}

// TestWhatMayChangeAnAnswerChangesTheHash holds what no two requests that share an answer may differ
// in. Only the last turn leaves the rest as it is.
func TestWhatMayChangeAnAnswerChangesTheHash(t *testing.T) {
	all := map[digest.Hash]string{}
	rests := map[digest.Hash]string{}
	for _, c := range []struct {
		dialect, body string
		question      bool // it differs from the first in its question alone
	}{
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"b"}]}`, true},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":"a"}]}`, true},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"aa"}]}`, true},
		{"openai", `{"model":"m","messages":[{"role":"system","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","name":"ada","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"s"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"t"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","temperature":0,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","temperature":1,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","top_p":1,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","seed":1,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","seed":9007199254740993,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","seed":9007199254740992,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","stop":"x","messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","stop":["x","y"],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","stop":["xy"],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","reasoning_effort":"high","messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","logprobs":true,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"array"}}},"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","response_format":{"type":"json_schema","json_schema":{"name":"o","schema":{"type":"object"}}},"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"system","name":"b","content":[]},{"role":"system","content":[]},{"role":"assistant","content":"c"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"c","reasoning_content":"d"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"c","reasoning_content":"d","reasoning":"e"},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"c","reasoning_content":"f","reasoning_details":[{"type":"reasoning.text","text":"d"}]},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","tools":[{"type":"function","function":{"name":"g"}}],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","tools":[{"type":"function","function":{"name":"f","description":"d"}}],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","tool_choice":"none","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","unheard_of":1,"messages":[{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://example.com/1.png"}}]}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://example.com/2.png"}}]}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/2.png"}}]},{"role":"user","content":"a"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":2}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}]}`, false},
		{"openai", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"s"}]}`, false},
		{"anthropic", `{"model":"m","max_tokens":1,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"a"}]}`, false},
		{"anthropic", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"g"}]}]}]}`, false},
		{"anthropic", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"tool_reference","tool_name":"g"}]}]}]}`, false},
		{"anthropic", `{"model":"m","max_tokens":1,"top_k":5,"messages":[{"role":"user","content":"a"}]}`, false},
		{"anthropic", `{"model":"m","max_tokens":1,"unheard_of":1,"messages":[{"role":"user","content":"a"}]}`, false},
	} {
		d := of(t, c.dialect, c.body)
		if was := all[d.All]; was != "" {
			t.Errorf("one hash for\n%s\n%s", was, c.body)
		}
		if was := rests[d.Rest]; (was != "") != c.question {
			t.Errorf("the rest is that of %q: %s", was, c.body)
		}
		all[d.All], rests[d.Rest] = c.body, c.body
	}
}

// TestWhoAsksIsPartOfTheHash holds that nothing is shared below another prefix, and that several
// answers at once are not one.
func TestWhoAsksIsPartOfTheHash(t *testing.T) {
	r, err := dialect.ByName("openai").Decode([]byte(`{"model":"m","messages":[{"role":"user","content":"a"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	one := digest.Of([]byte("a"), r, 1)
	for _, other := range []digest.Digest{digest.Of([]byte("b"), r, 1), digest.Of([]byte("a"), r, 2), digest.Of(nil, r, 1)} {
		if one.All == other.All || one.Rest == other.Rest {
			t.Error("it is shared")
		}
	}
	if one != digest.Of([]byte("a"), r, 0) {
		t.Error("no number of answers is not one")
	}
}

// TestAQuestionIsTheLastTurn holds what may be worded otherwise.
func TestAQuestionIsTheLastTurn(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`:                                                     "",
		`{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]}]}`:                                 "a\nb",
		`{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}`:                       "c",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.com/1"}}]},{"role":"user","content":"c"}]}`: "",
	} {
		if got := of(t, "openai", body).Question; got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// BenchmarkOf hashes conversations of 1 KB and of 32 KB that have been read.
func BenchmarkOf(b *testing.B) {
	for _, turns := range []int{6, 205} {
		var body strings.Builder
		body.WriteString(`{"model":"m","temperature":0,"messages":[{"role":"system","content":"Be brief, and answer in one sentence."}`)
		for i := range turns {
			fmt.Fprintf(&body, `,{"role":"assistant","content":"Within %d days of the purchase, with the receipt."},{"role":"user","content":"How long do I have to return what I bought?"}`, i)
		}
		body.WriteString("]}")
		b.Run(fmt.Sprintf("%dKB", body.Len()>>10), func(b *testing.B) {
			r, err := dialect.ByName("openai").Decode([]byte(body.String()))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(body.Len()))
			b.ReportAllocs()
			for b.Loop() {
				digest.Of([]byte("x"), r, 1)
			}
		})
	}
}
