package extproc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// starModels are models of testPolicy's backends by names that clients choose.
const starModels = `
default: fast
models:
  fast: gpt/gpt-5-nano
  "gpt-*": gpt/*
  "gpt-*-long": {chain: [gpt/gpt-4o-mini]}
  "openai/*": gpt/*
  "claude-*": claude/*
  "ours/*": {chain: [claude/*, gpt/*]}
`

func starPolicy(more string) string {
	backends, _, _ := strings.Cut(testPolicy, "models:")
	return backends + strings.TrimPrefix(starModels, "\n") + more
}

// TestANameThatStandsNowhere holds what is asked of a backend for names of wildcards: its model, the
// model's own bounds and limits, and the name in the row.
func TestANameThatStandsNowhere(t *testing.T) {
	for _, c := range []struct{ asked, model, route, leaves, more string }{
		{"gpt-5", "gpt-*", "gpt-*/json", "gpt-5", ""},
		{"gpt-4o-mini-2024-07-18", "gpt-*", "gpt-*/json", "gpt-4o-mini-2024-07-18", ""},
		{"gpt-5-long", "gpt-*-long", "gpt-*-long/json", "gpt-4o-mini", ""},
		{"openai/gpt-5", "openai/*", "openai/*/json", "gpt-5", ""},
		{"claude-opus-5", "claude-*", "claude-*/json", "claude-opus-5", `"max_tokens":128000`},
		{"claude-haiku-4-5", "claude-*", "claude-*/json", "claude-haiku-4-5", `"max_tokens":64000`},
		{"no-model-has-it", "fast", "fast/json", "gpt-5-nano", ""},
	} {
		t.Run(c.asked, func(t *testing.T) {
			r := newRig(t, starPolicy(""))
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			sent := `{"model":"` + c.asked + `","messages":[{"role":"user","content":"hi"}]}`
			reply := s.RequestBody(sent)
			body, changed := reply.Body()
			if !changed {
				body = sent
			}
			var left struct{ Model string }
			if err := json.Unmarshal([]byte(body), &left); err != nil || left.Model != c.leaves || !strings.Contains(body, c.more) {
				t.Errorf("%s leaves, with %v", body, err)
			}
			if got := reply.Set("x-headgate-int-route"); got != c.route {
				t.Errorf("it takes route %s, want %s", got, c.route)
			}
			s.Cancel()
			if row := r.row(); row.Model != c.asked || row.Route != c.model {
				t.Errorf("the row has model %s, route %s", row.Model, row.Route)
			}
		})
	}
}

// TestEachNameOfAWildcardHasItsPrice holds the costs of two models of one wildcard, to the nano: 600
// tokens of input, 400 from the cache and 50 of output.
func TestEachNameOfAWildcardHasItsPrice(t *testing.T) {
	for name, want := range map[string]int64{
		"gpt-5":      600*1250 + 400*125 + 50*10_000,
		"gpt-5-nano": 600*50 + 400*5 + 50*400,
	} {
		r := newRig(t, starPolicy(""))
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(`{"model":"` + name + `","messages":[]}`)
		s.ResponseHeaders(Answered("200", "application/json"), false)
		s.ResponseBody(strings.Replace(chatAnswer, "gpt-4o-mini-2024-07-18", "a name of the provider's own", 1), true)
		s.Cancel()
		if row := r.row(); row.CostNano == nil || *row.CostNano != want {
			t.Errorf("%s costs %v, want %d", name, row.CostNano, want)
		}
	}
}

// TestWhatAWildcardHasNoPriceOf holds that it is refused by name, that a chain does without what has
// no price at one of its backends, and that it is served if the policy says so.
func TestWhatAWildcardHasNoPriceOf(t *testing.T) {
	asks := func(document, name string) (*Reply, *rig) {
		r := newRig(t, document)
		return r.asks("/v1/chat/completions", `{"model":"`+name+`","messages":[]}`), r
	}
	reply, _ := asks(starPolicy(""), "gpt-6")
	if denied := reply.Immediate(); denied == nil || denied.GetStatus().GetCode() != 404 ||
		!strings.Contains(string(denied.GetBody()), "gpt-6") || !strings.Contains(string(denied.GetBody()), "no price is known") {
		t.Errorf("a name without a price: %v", denied)
	}
	if reply, _ = asks(starPolicy("unpriced: flag\n"), "gpt-6"); !reply.Reroutes() {
		t.Errorf("a name without a price, where the policy takes it: %v", reply.Immediate())
	}
	reply, r := asks(starPolicy(""), "ours/gpt-5")
	model := r.set.Models["ours/*"]
	fit := model.Fit()
	if got, want := fitOf(reply), fit.Name(1<<fit.Class(model.Chain[1].Uses[0])); got != want || !reply.Reroutes() {
		t.Errorf("within %q, want %q: %v", got, want, reply.Immediate())
	}
}

// TestNamesThatClientsChooseAreInNoMetric holds that ten thousand of them are no label's values: the
// wildcard is.
func TestNamesThatClientsChooseAreInNoMetric(t *testing.T) {
	r := newRig(t, starPolicy("unpriced: flag\n"))
	for i := range 10_000 {
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		if reply := s.RequestBody(fmt.Sprintf(`{"model":"gpt-%d","messages":[]}`, i)); !reply.Reroutes() {
			t.Fatalf("name %d is refused: %v", i, reply.Immediate())
		}
		s.Cancel()
	}
	r.idle()
	if rows := len(r.rows()); rows != 10_000 {
		t.Errorf("%d rows", rows)
	}
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	wildcard := false
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				wildcard = wildcard || label.GetValue() == "gpt-*"
				if value := label.GetValue(); strings.HasPrefix(value, "gpt-") && !strings.Contains(value, "*") {
					t.Fatalf("%s has the label %s", f.GetName(), value)
				}
			}
		}
	}
	if !wildcard {
		t.Error("no metric has the wildcard")
	}
}
