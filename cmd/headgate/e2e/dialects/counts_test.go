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
	g, p := gatewaytest.Serve(t, `  chat-first: {chain: [chat/plain, claude/plain-claude]}
  chat-only: chat/plain
  fails: {chain: [claude/plain-claude+status=500], retries: 0}
`)
	for _, c := range []struct {
		model, mark, words string
		backend            string // that counts; empty: none
		estimated          bool
	}{
		{"plain-claude", "count here", "", "claude", false},
		{"chat-first", "count at the second link", "", "claude", false},
		{"chat-only", "count nowhere", "", "", true},
		{"fails", "count in vain", "", "", true},
	} {
		t.Run(c.model, func(t *testing.T) {
			a := g.Ask(gatewaytest.ChatRequest("/v1/messages/count_tokens", fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, c.model, c.mark), "", "anthropic-version", "2023-06-01"))
			gatewaytest.MustOK(t, a)
			row := g.With(t).Row(a.Exchange())
			source := map[bool]string{false: "provider", true: "estimated"}[c.estimated]
			if got := a.Header.Get("x-headgate-estimated") == "true"; got != c.estimated || !strings.HasPrefix(a.Body, `{"input_tokens":`) {
				t.Errorf("estimated %v: %s", got, a.Body)
			}
			if row.UsageSource != source || row.Tokens != nil || row.Outcome != "ok" || row.Operation != "count_tokens" {
				t.Errorf("record %+v", row)
			}
			if c.backend != "" && a.Header.Get("x-headgate-backend") != c.backend {
				t.Errorf("counted by %q", a.Header.Get("x-headgate-backend"))
			}
		})
	}
	_ = p
}
