package responses_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/catalogue"
)

// TestSettingsAreMadeFitForTheModel holds that a client of the dialect gets its settings to
// a model as that takes them, and all other bytes as they came.
func TestSettingsAreMadeFitForTheModel(t *testing.T) {
	for _, c := range []struct {
		name, model string
		body, want  string
		dropped     canon.Dropped
	}{
		{"what the model takes stays", "gpt-5.5", `{"model":"m", "reasoning":{"effort":"high","summary":"auto"}, "max_output_tokens" : 100,"input":"x"}`, "", nil},
		{"a model that nobody knows", "own", `{"model":"m","reasoning":{"effort":"odd"},"temperature":0,"max_output_tokens":9999999}`, "", nil},
		{"a limit beyond the model's own is the model's own", "gpt-4o", `{"model":"m","max_output_tokens":50000}`, `{"model":"m","max_output_tokens":16384}`, canon.Dropped{"max_output_tokens"}},
		{"sampling is dropped and named", "gpt-5.5", `{"temperature":0, "top_p":0.9, "model":"m","top_logprobs":2}`, `{"model":"m"}`, canon.Dropped{"temperature", "top_p", "top_logprobs"}},
		{"what says what is so anyway is not named", "o3", `{"model":"m","top_p":1,"temperature":1,"top_logprobs":0}`, `{"model":"m","temperature":1}`, nil},
		{"reasoning where the model does not", "gpt-4o", `{"reasoning":{"effort":"low","summary":"auto"},"model":"m"}`, `{"model":"m"}`, canon.Dropped{"reasoning"}},
		{"no reasoning where the model does not", "gpt-4o", `{"model":"m","reasoning":{"effort":"none"}}`, `{"model":"m"}`, nil},
		{"encrypted reasoning of a model that does not reason", "gpt-4o", `{"model":"m","include":["reasoning.encrypted_content"],"input":"x"}`, `{"model":"m","input":"x"}`, nil},
		{"what else is to be included stays", "gpt-4o", `{"include":["message.output_text.logprobs", "reasoning.encrypted_content"],"model":"m"}`, `{"include":["message.output_text.logprobs"],"model":"m"}`, nil},
		{"encrypted reasoning of one that does", "gpt-5.5", `{"model":"m","include":["reasoning.encrypted_content"]}`, "", nil},
		{"nothing said of it", "gpt-4o", `{"model":"m","reasoning":null}`, "", nil},
		{"the nearest effort", "o3", `{"model":"m","reasoning":{"summary":"auto","effort":"xhigh"},"input":"x"}`, `{"model":"m","reasoning":{"summary":"auto","effort":"high"},"input":"x"}`, canon.Dropped{"reasoning.effort"}},
		{"an effort beside tools, which only chat completions refuse", "gpt-5.5", `{"model":"m","reasoning":{"effort":"low"},"tools":[{"type":"function","name":"f"}]}`, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := exchange.Request{Operation: exchange.Chat, Body: []byte(c.body)}
			if v := (responses.Dialect{}).Read(&req); v.Action != exchange.Pass {
				t.Fatal(v.Message)
			}
			to := &canon.Target{Model: req.Model, Traits: catalogue.Builtin().Look("simulated", "", c.model)}
			out, dropped, changed := responses.Dialect{}.Adapt(nil, &req, to)
			if c.want == "" {
				if changed {
					t.Errorf("it became %s, without %q", out, dropped)
				}
				return
			}
			if !json.Valid(out) || string(out) != c.want {
				t.Errorf("got  %s\nwant %s", out, c.want)
			}
			if diff := cmp.Diff(c.dropped, dropped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAStreamIsAskedForAndTheModelNamed holds how a body that may pass is spliced.
func TestAStreamIsAskedForAndTheModelNamed(t *testing.T) {
	req := exchange.Request{Operation: exchange.Chat, Body: []byte(`{ "model" : "ours", "stream":false,"input":"x"}`)}
	if v := (responses.Dialect{}).Read(&req); v.Action != exchange.Pass {
		t.Fatal(v.Message)
	}
	out, _, changed := responses.Dialect{}.Adapt(nil, &req, &canon.Target{Model: `the "model"`, Stream: true})
	if want := `{ "model" : "the \"model\"", "stream":true,"input":"x"}`; !changed || string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
}
