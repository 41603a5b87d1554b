package openai_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/catalogue"
)

// adapt reads a body as a client's and returns what leaves for a model of OpenAI's.
func adapt(t *testing.T, model, body string) (string, canon.Dropped, bool) {
	t.Helper()
	req := exchange.Request{Operation: exchange.Chat, Body: []byte(body)}
	if v := (openai.Dialect{}).Read(&req); v.Action != exchange.Pass {
		t.Fatal(v.Message)
	}
	to := &canon.Target{Model: req.Model, Traits: catalogue.Builtin().Look("simulated", "", model)}
	out, dropped, changed := openai.Dialect{}.Adapt(nil, &req, to)
	if !changed {
		return body, dropped, false
	}
	if !json.Valid(out) {
		t.Fatalf("no JSON: %s", out)
	}
	return string(out), dropped, true
}

// A client of the dialect gets its settings to a model as that takes them, all other
// bytes as they came.
func TestSettingsAreMadeFitForTheModel(t *testing.T) {
	const tools = `"tools":[{"type":"function","function":{"name":"f"}}]`
	for _, c := range []struct {
		name, model string
		body, want  string
		dropped     canon.Dropped
	}{
		{"the limit is called as the model wants it", "gpt-5.5",
			`{"model":"m", "max_tokens" : 100, "messages":[]}`, `{"model":"m", "max_completion_tokens":100, "messages":[]}`, nil},
		{"of two limits the one counts that the model knows", "gpt-5.5",
			`{"max_tokens":100,"model":"m","max_completion_tokens":50}`, `{"model":"m","max_completion_tokens":50}`, canon.Dropped{"max_tokens"}},
		{"a limit beyond the model's own is the model's own", "gpt-4o",
			`{"model":"m","max_tokens":50000}`, `{"model":"m","max_tokens":16384}`, canon.Dropped{"max_tokens"}},
		{"by the name that the model knows", "gpt-5.5",
			`{"max_tokens":999999,"model":"m"}`, `{"max_completion_tokens":128000,"model":"m"}`, canon.Dropped{"max_tokens"}},
		{"of two limits, the one that counts", "gpt-5.5",
			`{"max_tokens":999999,"model":"m","max_completion_tokens":999999}`, `{"model":"m","max_completion_tokens":128000}`, canon.Dropped{"max_tokens", "max_completion_tokens"}},
		{"sampling is dropped and named", "gpt-5.5",
			`{"temperature":0, "top_p":0.9, "model":"m","messages":[], "presence_penalty":1,"frequency_penalty":0.5}`,
			`{"model":"m","messages":[]}`, canon.Dropped{"temperature", "top_p", "presence_penalty", "frequency_penalty"}},
		{"what says what is so anyway is not named", "o3",
			`{"model":"m","top_p":1,"presence_penalty":0,"logprobs":false}`, `{"model":"m"}`, nil},
		{"stops and probabilities are dropped and named", "gpt-5-mini",
			`{"model":"m","stop":["a"],"logprobs":true,"top_logprobs":2,"logit_bias":{"5":1},"seed":1}`, `{"model":"m","seed":1}`,
			canon.Dropped{"logit_bias", "logprobs", "top_logprobs", "stop"}},
		{"sampling goes where the model does not reason unless it is told to", "gpt-5.4",
			`{"model":"m","temperature":0.2,"max_tokens":9}`, `{"model":"m","temperature":0.2,"max_completion_tokens":9}`, nil},
		{"and not where it is told to", "gpt-5.4",
			`{"model":"m","temperature":0.2,"reasoning_effort":"low"}`, `{"model":"m","reasoning_effort":"low"}`, canon.Dropped{"temperature"}},
		{"an effort is dropped and named where the model does not reason", "gpt-4o",
			`{"model":"m","reasoning_effort":"low","temperature":0}`, `{"model":"m","temperature":0}`, canon.Dropped{"reasoning_effort"}},
		{"not to reason is no loss there", "gpt-4o",
			`{"model":"m","reasoning_effort":"none"}`, `{"model":"m"}`, nil},
		{"what others call thinking becomes an effort", "gpt-5.1",
			`{"thinking":{"type":"enabled","budget_tokens":4000},"model":"m"}`, `{"reasoning_effort":"medium","model":"m"}`, canon.Dropped{"thinking"}},
		{"so does not to think", "gpt-5.1",
			`{"model":"m","thinking":{"type":"disabled"},"temperature":0}`, `{"reasoning_effort":"none","model":"m","temperature":0}`, canon.Dropped{"thinking"}},
		{"an effort that is given counts", "gpt-5.1",
			`{"model":"m","thinking":{"type":"disabled"},"reasoning_effort":"high"}`, `{"model":"m","reasoning_effort":"high"}`, canon.Dropped{"thinking"}},
		{"beside tools neither goes", "gpt-5.5",
			`{"model":"m","thinking":{"type":"enabled","budget_tokens":1024},` + tools + `}`, `{"model":"m",` + tools + `}`, canon.Dropped{"thinking"}},
		{"a model that does not reason is not told to", "gpt-4o",
			`{"model":"m","thinking":{"type":"adaptive"},"temperature":0}`, `{"model":"m","temperature":0}`, canon.Dropped{"thinking"}},
		{"nor not to, which is no loss", "gpt-4o", `{"model":"m","thinking":{"type":"disabled"}}`, `{"model":"m"}`, nil},
		{"a model that is told by it is", "deepseek-v4-flash", `{"model":"m","thinking":{"type":"enabled"}}`, "", nil},
		{"the nearest effort is sent", "gpt-5.1",
			`{"reasoning_effort":"minimal","model":"m"}`, `{"reasoning_effort":"low","model":"m"}`, canon.Dropped{"reasoning_effort"}},
		{"not to reason becomes the least where it cannot be asked", "gpt-5",
			`{"model":"m","reasoning_effort":"none"}`, `{"model":"m","reasoning_effort":"minimal"}`, canon.Dropped{"reasoning_effort"}},
		{"no effort goes with tools", "gpt-5.5",
			`{"model":"m","reasoning_effort":"high",` + tools + `}`, `{"model":"m",` + tools + `}`, canon.Dropped{"reasoning_effort"}},
		{"none goes with tools", "gpt-5.5",
			`{"model":"m","reasoning_effort":"none",` + tools + `}`, "", nil},
		{"tools demand that none is said", "gpt-5.6",
			`{ "model":"m",` + tools + `}`, `{"reasoning_effort":"none", "model":"m",` + tools + `}`, nil},
		{"tools demand none in the place of another effort", "gpt-5.6-luna",
			`{"model":"m","reasoning_effort":"high",` + tools + `}`, `{"model":"m","reasoning_effort":"none",` + tools + `}`, canon.Dropped{"reasoning_effort"}},
		{"no tools, no such demand", "gpt-5.6", `{"model":"m","tools":[]}`, "", nil},
		{"not to reason is said by a switch where there is one", "deepseek-v4-pro",
			`{"model":"m","reasoning_effort":"none"}`, `{"model":"m","thinking":{"type":"disabled"}}`, nil},
		{"a switch that is set already stays", "deepseek-v4-pro",
			`{"model":"m","reasoning_effort":"none","thinking":{"type":"enabled"}}`, `{"model":"m","thinking":{"type":"enabled"}}`, canon.Dropped{"reasoning_effort"}},
		{"what the model takes goes as it came", "gpt-5.5", `{"model":"m","temperature":1,"max_completion_tokens":5,"reasoning_effort":"xhigh","top_p":null}`, "", nil},
		{"what nobody knows goes as it came", "gpt-5.5", `{"model":"m","reasoning_effort":"ultra","future":1}`, "", nil},
		{"what goes to a model that nobody knows goes as it came", "unheard-of",
			`{"model":"m","max_tokens":5,"temperature":0,"stop":["x"],"reasoning_effort":"high"}`, "", nil},
		{"a member that stands there twice is dropped twice", "gpt-5.5",
			`{"temperature":0,"model":"m","temperature":0.5}`, `{"model":"m"}`, canon.Dropped{"temperature"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dropped, changed := adapt(t, c.model, c.body)
			if c.want == "" {
				if changed {
					t.Errorf("changed to %s", got)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.dropped, dropped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The model's name, the usage of a stream and the settings are edited at once.
func TestSettingsAreFittedBesideOtherEdits(t *testing.T) {
	req := exchange.Request{Operation: exchange.Chat, Body: []byte(`{"temperature":0,"stream":true,"model":"mine","stream_options":{},"max_tokens":5}`)}
	if v := (openai.Dialect{}).Read(&req); v.Action != exchange.Pass {
		t.Fatal(v.Message)
	}
	out, dropped, _ := openai.Dialect{}.Adapt(nil, &req, &canon.Target{Model: "gpt-5.5", Traits: catalogue.Builtin().Look("openai", "", "gpt-5.5")})
	const want = `{"stream":true,"model":"gpt-5.5","stream_options":{"include_usage":true},"max_completion_tokens":5}`
	if string(out) != want || len(dropped) != 1 {
		t.Errorf("%s %v", out, dropped)
	}
}

// A request that needs nothing costs nothing, whatever is known of the model.
func TestFittingCostsNothingWhereItIsNotNeeded(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word ", 2000) + `"}],"max_completion_tokens":5,"stop":null}`
	for _, model := range []string{"gpt-5.5", "gpt-5.4", "gpt-4o", "unheard-of"} {
		req := exchange.Request{Operation: exchange.Chat, Body: []byte(body)}
		if v := (openai.Dialect{}).Read(&req); v.Action != exchange.Pass {
			t.Fatal(v.Message)
		}
		to := &canon.Target{Model: "m", Traits: catalogue.Builtin().Look("openai", "", model)}
		if n := testing.AllocsPerRun(100, func() { openai.Dialect{}.Adapt(nil, &req, to) }); n > 0 {
			t.Errorf("%s: %.0f allocations", model, n)
		}
	}
}

// A body that a server's quirks have written anew is fitted like one that passes.
func TestARewrittenBodyIsFittedToo(t *testing.T) {
	r, err := openai.Dialect{}.Decode([]byte(`{"model":"m","temperature":0,"max_tokens":5,"messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	out, dropped, err := openai.Dialect{}.Encode([]byte("before"), r, canon.Target{Model: "b", Traits: catalogue.Builtin().Look("openai", "", "gpt-5.5")})
	const want = `before{"model":"b","messages":[{"role":"user","content":"x"}],"max_completion_tokens":5}`
	if err != nil || string(out) != want || len(dropped) != 1 || dropped[0] != "temperature" {
		t.Errorf("%s %v %v", out, dropped, err)
	}
}

// Thinking that a client of another dialect disabled is switched off, which no SDK of
// OpenAI's would read: the corpus cannot hold it.
func TestThinkingIsSwitchedOff(t *testing.T) {
	r := &canon.Request{Dialect: "other", Names: &canon.Names{}, Reason: canon.Reasoning{Mode: canon.ReasonOff},
		Messages: []canon.Message{{Role: canon.RoleUser, Parts: []canon.Part{{Kind: canon.Text, Text: []byte(`"Hi"`)}}}}}
	to := canon.Target{Model: "b", Traits: catalogue.Builtin().Look("deepseek", "", "deepseek-v4-pro")}
	out, dropped, err := openai.Dialect{}.Encode(nil, r, to)
	const want = `{"model":"b","messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"disabled"}}`
	if err != nil || string(out) != want || len(dropped) > 0 {
		t.Errorf("%s %v %v", out, dropped, err)
	}
}
