package format_test

import (
	"encoding/json"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/guard/format"
)

var (
	wrong = []format.Fault{{Path: "/age", What: "must be a whole number, is a string"}, {What: `the member "name" is missing`}}
	calls = []format.Fault{{Tool: "weather", Path: "/days", What: "must be a whole number, is a string"}}
)

const (
	again      = `"Your answer does not have the form that was asked for:\n- the answer at /age: must be a whole number, is a string\n- the answer: the member \"name\" is missing\nAnswer again, in the right form and with nothing else: no apology, no explanation, no code fence."`
	againCalls = `"Your answer does not have the form that was asked for:\n- the arguments of weather at /days: must be a whole number, is a string\nCall the tools again, all of them, with arguments that fit their schemas."`
)

// TestRepairBody holds that two turns are added, that the answer is asked for as a whole, and that
// every other byte stays.
func TestRepairBody(t *testing.T) {
	for _, c := range []struct {
		name, dialect, body, answer string
		faults                      []format.Fault
		want                        string
	}{
		{"turns are added", "openai", `{ "messages" : [{"role":"user","content":"hi"} ] , "model":"m","x":[1, 2]}`, "{\"age\":\"7\"}", wrong,
			`{ "messages" : [{"role":"user","content":"hi"} ,{"role":"assistant","content":"{\"age\":\"7\"}"},{"role":"user","content":` + again + `}] , "model":"m","x":[1, 2]}`},
		{"a stream becomes a whole answer", "openai", `{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"model":"m"}`, "no", wrong,
			`{"stream":false,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"no"},{"role":"user","content":` + again + `}],"model":"m"}`},
		{"an answer of calls", "anthropic", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}],"stream":true}`, "I called the tool weather with the arguments {}", calls,
			`{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"I called the tool weather with the arguments {}"},{"role":"user","content":` + againCalls + `}],"stream":false}`},
		{"an answer without text", "anthropic", `{"model":"m","max_tokens":5,"messages":[]}`, " \n", wrong,
			`{"model":"m","max_tokens":5,"messages":[{"role":"assistant","content":"(nothing)"},{"role":"user","content":` + again + `}]}`},
		{"items are added", "responses", `{"input":[{"role":"user","content":"hi"}],"model":"m","stream":true}`, "no", wrong,
			`{"input":[{"role":"user","content":"hi"},{"role":"assistant","content":"no"},{"role":"user","content":` + again + `}],"model":"m","stream":false}`},
		{"a text becomes an item", "responses", `{"model":"m","input":"hi \"é\""}`, "no", wrong,
			`{"model":"m","input":[{"role":"user","content":"hi \"é\""},{"role":"assistant","content":"no"},{"role":"user","content":` + again + `}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := format.RepairBody([]byte(c.body), c.dialect, c.answer, c.faults)
			if err != nil || string(got) != c.want {
				t.Errorf("error %v, got\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
	for body, dialect := range map[string]string{`{"model":"m"}`: "openai", `{"messages":{}}`: "openai", `{"messages":[]`: "openai", `{"messages":[]}`: "gemini", `{"messages":"hi"}`: "openai", `{"input":7}`: "responses"} {
		if got, err := format.RepairBody([]byte(body), dialect, "a", wrong); err == nil {
			t.Errorf("%s of %s: %s", body, dialect, got)
		}
	}
}

// TestDescribe holds what an answer becomes in the turn that repeats it.
func TestDescribe(t *testing.T) {
	choice := answered(t, `{"role":"assistant","content":"Let me \"see\".","tool_calls":[{"id":"1","type":"function","function":{"name":"weather","arguments":"{\"days\": \"3\"}"}},{"id":"2","type":"function","function":{"name":"now","arguments":""}}]}`, "tool_calls")
	want := "Let me \"see\".\nI called the tool weather with the arguments {\"days\": \"3\"}\nI called the tool now with the arguments "
	if got := format.Describe(choice); got != want {
		t.Errorf("%q instead of %q", got, want)
	}
}

// FuzzRepair holds that a request that its dialect reads is one after its repair, with two messages
// more.
func FuzzRepair(f *testing.F) {
	f.Add(`{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}`, "no")
	f.Add(`{"stream_options":{},"max_tokens":1,"model":"m","messages":[{"role":"user","content":"hi"}],"stream":false}`, "\x00\xff\"")
	f.Add(`{"model":"m","input":"hi","stream":true}`, "no")
	f.Add(`{"model":"m","input":[{"type":"message","role":"user","content":"hi"}]}`, "no")
	f.Fuzz(func(t *testing.T, body, answer string) {
		for dialect, decode := range map[string]func([]byte) (*canon.Request, error){"openai": openai.Dialect{}.Decode, "anthropic": anthropic.Dialect{}.Decode, "responses": responses.Dialect{}.Decode} {
			before, err := decode([]byte(body))
			if err != nil {
				continue
			}
			repaired, err := format.RepairBody([]byte(body), dialect, answer, wrong)
			if err != nil {
				t.Fatal(err)
			}
			after, err := decode(repaired)
			if err != nil || !json.Valid(repaired) || after.Stream || len(after.Messages) != len(before.Messages)+2 {
				t.Fatalf("%s became %s: %v", body, repaired, err)
			}
		}
	})
}
