package dialects

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestNothingToAsk holds that a request of which nothing would be left for a backend is
// the client's fault, whatever the policy drops, and that a link that can be asked is.
func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, `  claude-first: {chain: [claude/plain-claude, sim/plain]}
  openai-first: {chain: [sim/plain, claude/plain-claude]}
  drops: {chain: [sim/plain], unfit: drop}
  drops-claude: {chain: [claude/plain-claude], unfit: drop}
`)
	const loop = `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}`
	for _, c := range []struct {
		name, dialect, messages string
		other                   int // what a link of the client's own dialect answers
	}{
		{"an empty text", "openai", `{"role":"user","content":""}`, 200},
		{"blanks", "openai", `{"role":"user","content":" \n"}`, 200},
		{"an empty part", "openai", `{"role":"user","content":[{"type":"text","text":""}]}`, 200},
		{"an empty last turn", "openai", `{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":""}`, 200},
		{"a loop without a user", "openai", loop, 200},
		{"an empty list", "anthropic", `{"role":"user","content":[]}`, 0},
		{"an empty list last", "anthropic", `{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[]}`, 0},
	} {
		ask := func(model string) gatewaytest.Answer {
			members := `"max_tokens":99,"messages":[` + c.messages + `]`
			u := unsupportedCase{dialect: c.dialect, request: members}
			return u.ask(g, model, "")
		}
		refusing, dropping, first := "plain-claude", "drops-claude", "claude-first"
		if c.dialect == "anthropic" {
			refusing, dropping, first = "plain", "drops", "openai-first"
		}
		for _, model := range []string{refusing, dropping} {
			t.Run(fmt.Sprintf("%s to %s", c.name, model), func(t *testing.T) {
				before := len(p.Settled())
				a := ask(model)
				if a.Status != 400 {
					t.Fatalf("status %d: %s", a.Status, a.Body)
				}
				if row := g.With(t).Row(a.Exchange()); row.Outcome != "client_error" || row.Reason != "unsupported_field" || row.Attempts != 0 {
					t.Errorf("record %+v", row)
				}
				if n := len(p.Settled()); n != before {
					t.Errorf("the provider got %d requests", n-before)
				}
			})
		}
		t.Run(c.name+" to a chain", func(t *testing.T) {
			a := ask(first)
			if c.other != 0 && a.Status != c.other {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			if backend := a.Header.Get("x-headgate-backend"); backend == map[string]string{"openai": "claude", "anthropic": "sim"}[c.dialect] {
				t.Errorf("%s answered", backend)
			}
		})
	}
}
