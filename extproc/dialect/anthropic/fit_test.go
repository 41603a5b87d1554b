package anthropic_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/catalogue"
)

// A client of the dialect gets its settings to a model as that takes them, all other
// bytes as they came.
func TestSettingsAreMadeFitForTheModel(t *testing.T) {
	for _, c := range []struct {
		name, model string
		body, want  string // want empty: as it came
		dropped     canon.Dropped
	}{
		{"sampling is dropped and named", "claude-opus-4-7",
			`{"model":"m","max_tokens":9,"temperature":0.5, "top_p":0.9,"top_k":5,"messages":[]}`, `{"model":"m","max_tokens":9,"messages":[]}`,
			canon.Dropped{"temperature", "top_p", "top_k"}},
		{"the default temperature stays", "claude-opus-4-7", `{"model":"m","max_tokens":9,"temperature":1}`, "", nil},
		{"of temperature and top_p the temperature stays", "claude-sonnet-4-5",
			`{"model":"m","top_p":0.9,"temperature":0.5,"max_tokens":9}`, `{"model":"m","temperature":0.5,"max_tokens":9}`, canon.Dropped{"top_p"}},
		{"a model that thinks is not tuned", "claude-sonnet-4-6",
			`{"model":"m","max_tokens":9000,"temperature":0,"top_k":5,"thinking":{"type":"enabled","budget_tokens":2000}}`,
			`{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000}}`, canon.Dropped{"temperature", "top_k"}},
		{"nor one that thinks when it likes", "claude-opus-4-6",
			`{"top_p":0.9,"model":"m","max_tokens":9000,"thinking":{"type":"adaptive"}}`,
			`{"model":"m","max_tokens":9000,"thinking":{"type":"adaptive"}}`, canon.Dropped{"top_p"}},
		{"what it takes while it thinks stays", "claude-haiku-4-5",
			`{"model":"m","max_tokens":9000,"temperature":1.0,"thinking":{"type":"enabled","budget_tokens":2000}}`, "", nil},
		{"one that is told not to think is tuned", "claude-opus-4-6", `{"model":"m","max_tokens":9,"temperature":0,"thinking":{"type":"disabled"}}`, "", nil},
		{"so is one that cannot think in so few tokens", "claude-sonnet-4-5",
			`{"model":"m","max_tokens":1000,"temperature":0,"thinking":{"type":"adaptive"}}`, `{"model":"m","max_tokens":1000,"temperature":0}`, canon.Dropped{"thinking"}},
		{"one of them alone stays", "claude-sonnet-4-5", `{"model":"m","top_p":0.9,"temperature":null,"max_tokens":9}`, "", nil},
		{"a budget becomes adaptive thinking, displayed as it was", "claude-opus-4-8-20260528",
			`{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000,"display":"summarized"}}`,
			`{"model":"m","max_tokens":9000,"thinking":{"type":"adaptive","display":"summarized"}}`, canon.Dropped{"thinking.budget_tokens"}},
		{"adaptive thinking becomes a budget by its effort", "claude-sonnet-4-5",
			`{"model":"m","max_tokens":9000,"thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}}`,
			`{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":4096}}`, canon.Dropped{"thinking", "output_config.effort"}},
		{"with too few tokens for a budget there is no thinking", "claude-sonnet-4-5",
			`{"model":"m","max_tokens":1000,"thinking":{"type":"adaptive"}}`, `{"model":"m","max_tokens":1000}`, canon.Dropped{"thinking"}},
		{"both forms stay where both are taken", "claude-opus-4-6",
			`{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000}}`, "", nil},
		{"nothing disables thinking on a model that always thinks", "claude-fable-5",
			`{"thinking":{"type":"disabled"},"model":"m","max_tokens":9}`, `{"model":"m","max_tokens":9}`, canon.Dropped{"thinking"}},
		{"elsewhere it can be disabled", "claude-opus-5", `{"thinking":{"type":"disabled"},"model":"m","max_tokens":9}`, "", nil},
		{"the nearest effort is sent", "claude-opus-4-6",
			`{"model":"m","max_tokens":9,"output_config":{"format":{"type":"x"}, "effort":"xhigh"}}`,
			`{"model":"m","max_tokens":9,"output_config":{"format":{"type":"x"}, "effort":"high"}}`, canon.Dropped{"output_config.effort"}},
		{"an effort that the model does not take leaves the rest", "claude-haiku-4-5",
			`{"model":"m","max_tokens":9,"output_config":{"effort":"low","format":{"type":"x"}}}`,
			`{"model":"m","max_tokens":9,"output_config":{"format":{"type":"x"}}}`, canon.Dropped{"output_config.effort"}},
		{"no limit means the model's own", "claude-sonnet-4-6", `{ "model":"m"}`, `{"max_tokens":64000, "model":"m"}`, nil},
		{"a limit beyond the model's own is the model's own", "claude-haiku-4-5",
			`{"model":"m","max_tokens":100000,"thinking":{"type":"enabled","budget_tokens":70000}}`,
			`{"model":"m","max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":63999}}`, canon.Dropped{"max_tokens", "thinking.budget_tokens"}},
		{"a great effort goes down beside a word not to think", "claude-opus-5",
			`{"model":"m","max_tokens":9,"thinking":{"type":"disabled"},"output_config":{"effort":"max"}}`,
			`{"model":"m","max_tokens":9,"thinking":{"type":"disabled"},"output_config":{"effort":"high"}}`, canon.Dropped{"output_config.effort"}},
		{"a model may have a word of its own for not to think", "claude-sonnet-5-5",
			`{"model":"m","max_tokens":9,"thinking":{"type":"disabled"},"output_config":{"effort":"xhigh"}}`,
			`{"model":"m","max_tokens":9,"thinking":{"type":"between_tools"},"output_config":{"effort":"high"}}`, canon.Dropped{"thinking.type", "output_config.effort"}},
		{"which others do not know", "claude-opus-4-8", `{"model":"m","max_tokens":9,"thinking":{"type":"between_tools"}}`,
			`{"model":"m","max_tokens":9,"thinking":{"type":"disabled"}}`, canon.Dropped{"thinking.type"}},
		{"and which says nothing to a model that always thinks", "claude-opus-5-5", `{"model":"m","max_tokens":9,"thinking":{"type":"between_tools"},"output_config":{"effort":"xhigh"}}`,
			`{"model":"m","max_tokens":9,"output_config":{"effort":"xhigh"}}`, canon.Dropped{"thinking"}},
		{"what the model takes goes as it came", "claude-opus-5", `{"model":"m","max_tokens":9,"thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}}`, "", nil},
		{"what goes to a model that nobody knows goes as it came", "unheard-of",
			`{"model":"m","temperature":0,"top_p":0.5,"thinking":{"type":"enabled","budget_tokens":5},"output_config":{"effort":"ultra"}}`, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := exchange.Request{Operation: exchange.Chat, Body: []byte(c.body)}
			if v := (anthropic.Dialect{}).Read(&req); v.Action != exchange.Pass {
				t.Fatal(v.Message)
			}
			to := &canon.Target{Model: "m", Traits: catalogue.Builtin().Look("anthropic", "", c.model)}
			got, dropped, changed := anthropic.Dialect{}.Adapt(nil, &req, to)
			if changed != (c.want != "") {
				t.Fatalf("changed %v: %s", changed, got)
			}
			if !changed {
				if n := testing.AllocsPerRun(10, func() { anthropic.Dialect{}.Adapt(nil, &req, to) }); n > 0 {
					t.Errorf("%.0f allocations", n)
				}
				return
			}
			if !json.Valid(got) {
				t.Errorf("no JSON")
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.dropped, dropped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Tokens are counted of the request as it would be sent, which has no limit.
func TestACountGetsNoLimit(t *testing.T) {
	req := exchange.Request{Operation: exchange.CountTokens, Model: "m", Body: []byte(`{"model":"m","thinking":{"type":"disabled"}}`)}
	got, _, _ := anthropic.Dialect{}.Adapt(nil, &req, &canon.Target{Model: "m", Traits: catalogue.Builtin().Look("anthropic", "", "claude-fable-5")})
	if string(got) != `{"model":"m"}` {
		t.Errorf("%s", got)
	}
}
