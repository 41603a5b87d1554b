package dialects

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestTokenCounts holds that a client's count comes from a backend that counts, and from the gateway
// if there is none or if it fails, which the answer and the row say.
func TestTokenCounts(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := gatewaytest.PolicyFor(p, `  chat-first: {chain: [chat/plain, claude/plain-claude]}
  chat-only: chat/plain
  fails: {chain: [claude/plain-claude], retries: 0}
`)
	chat := fmt.Sprintf("  chat: {provider: openai-compatible, url: %q}\nmodels:\n", p.URL)
	g := gatewaytest.Start(t, strings.Replace(policy, "models:\n", chat, 1), gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	for _, c := range []struct {
		model, text string
		backend     string // that counts; empty: none
	}{
		{"plain-claude", "count here", "claude"},
		{"plain", "count at Responses", "sim"},
		{"chat-first", "count at the second link", "claude"},
		{"chat-only", "count nowhere", ""},
		{"fails", "count in vain [[sim status=500]]", ""},
	} {
		for client, ask := range counting {
			t.Run(c.model+" by "+client, func(t *testing.T) {
				a := g.Ask(gatewaytest.ChatRequest(ask.path, fmt.Sprintf(ask.body, c.model, c.text), "", "anthropic-version", "2023-06-01"))
				gatewaytest.MustOK(t, a)
				row := g.With(t).Row(a.Exchange())
				source, estimated := "provider", c.backend == ""
				if estimated {
					source = "estimated"
				}
				if got := a.Header.Get("x-headgate-estimated") == "true"; got != estimated || !strings.HasPrefix(a.Body, ask.counted) {
					t.Errorf("estimated %v: %s", got, a.Body)
				}
				if row.UsageSource != source || row.Tokens != nil || row.Outcome != "ok" || row.Operation != "count_tokens" {
					t.Errorf("record %+v", row)
				}
				if got := a.Header.Get("x-headgate-backend"); got != c.backend {
					t.Errorf("counted by %q, want %q", got, c.backend)
				}
			})
		}
	}
}

// counting is how clients of each dialect that has it ask for a count, and how they get it.
var counting = map[string]struct{ path, body, counted string }{
	"anthropic": {"/v1/messages/count_tokens", `{"model":%q,"messages":[{"role":"user","content":%q}]}`, `{"input_tokens":`},
	"responses": {"/v1/responses/input_tokens", `{"model":%q,"input":%q}`, `{"object":"response.input_tokens","input_tokens":`},
}
