package callers

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

const (
	subscription = "sk-ant-oat01-canary-of-a-subscription"
	anthropicKey = "sk-ant-api03-canary-of-theirs"
	openAIKey    = "sk-canary-of-theirs"
)

// TestTheClientsOwnCredentialPasses holds that with credential: caller a backend is asked with
// what the client brought, the gateway's key aside, and that no other backend gets it.
func TestTheClientsOwnCredentialPasses(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, sim.Options{Keys: []string{subscription, anthropicKey, openAIKey, gatewaytest.BackendKey}})
	g := gatewaytest.Start(t, strings.Replace(gatewaytest.PolicyFor(p, `
  theirs: theirs/plain-claude
  their-gpt: their-gpt/plain
  mixed: {chain: [theirs/plain-claude, keyed/plain], retries: 0}
callers: {ci: {key: {env: CI_KEY}}}
`), "backends:\n", `backends:
  theirs: {provider: simulated, dialect: anthropic, url: "`+p.URL+`", credential: caller}
  their-gpt: {provider: simulated, url: "`+p.URL+`", credential: caller}
`, 1), gatewaytest.Options{
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "CI_KEY=" + ciKey}, Args: []string{"--log-level", "debug"},
	})
	code := []string{"anthropic-beta", "claude-code-20250219,oauth-2025-04-20", "x-app", "cli", "user-agent", "claude-cli/2.1.75 (external, cli)"}
	for _, c := range []struct {
		name, path, model, sim string
		headers                []string
		status                 int
		key, backend           string // that the provider got, and that answered
	}{
		{"a subscription of Claude Code", "/v1/messages", "theirs", "", append([]string{"x-headgate-key", ciKey, "authorization", "Bearer " + subscription}, code...), 200, subscription, "theirs"},
		{"a key of Anthropic", "/v1/messages", "theirs", "", []string{"x-headgate-key", ciKey, "x-api-key", anthropicKey}, 200, anthropicKey, "theirs"},
		{"the gateway's key as a bearer", "/v1/messages", "theirs", "", []string{"authorization", "Bearer " + ciKey, "x-api-key", anthropicKey}, 200, anthropicKey, "theirs"},
		{"a key of Anthropic in an SDK of OpenAI", "/v1/chat/completions", "theirs", "", []string{"x-headgate-key", ciKey, "authorization", "Bearer " + anthropicKey}, 200, anthropicKey, "theirs"},
		{"a key of OpenAI in an SDK of Anthropic", "/v1/messages", "their-gpt", "", []string{"x-headgate-key", ciKey, "x-api-key", openAIKey}, 200, openAIKey, "their-gpt"},
		{"none", "/v1/messages", "theirs", "", []string{"x-headgate-key", ciKey}, 401, "", "theirs"},
		{"the gateway's key alone, twice", "/v1/messages", "theirs", "", []string{"authorization", "Bearer " + ciKey, "x-api-key", ciKey}, 401, "", "theirs"},
		{"the gateway's key is missing", "/v1/messages", "theirs", "", []string{"authorization", "Bearer " + subscription}, 401, "", ""},
		{"one that the provider does not take", "/v1/messages", "theirs", "", []string{"x-headgate-key", ciKey, "x-api-key", "sk-ant-expired"}, 401, "sk-ant-expired", "theirs"},
		{"a chain", "/v1/messages", "mixed", "", []string{"x-headgate-key", ciKey, "x-api-key", anthropicKey}, 200, anthropicKey, "theirs"},
		{"a chain, with none", "/v1/messages", "mixed", "", []string{"x-headgate-key", ciKey}, 200, gatewaytest.BackendKey, "keyed"},
		{"a chain whose credential is refused", "/v1/messages", "mixed", "", []string{"x-headgate-key", ciKey, "x-api-key", "sk-ant-expired"}, 401, "sk-ant-expired", "theirs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			body := gatewaytest.ChatBody(c.model, c.name, false)
			if c.path == "/v1/messages" {
				body = gatewaytest.MessageBody(c.model, c.name, false)
			}
			a := g.Ask(gatewaytest.ChatRequest(c.path, body, c.sim, append([]string{"anthropic-version", "2023-06-01"}, c.headers...)...))
			row := g.Row(a.Exchange())
			if a.Status != c.status || row.Backend != c.backend {
				t.Fatalf("status %d of %q, want %d of %q: %s", a.Status, row.Backend, c.status, c.backend, a.Body)
			}
			if c.status == 401 && (row.Outcome != "client_error" || row.By != "client") {
				t.Errorf("the client's credential is at fault, not %s, %s", row.Outcome, row.By)
			}
			if c.key == "" {
				return
			}
			served := p.Find(c.name)
			if served.Key != c.key {
				t.Errorf("the provider got %q, want %q", served.Key, c.key)
			}
			for name, values := range served.Header {
				if strings.Contains(strings.Join(values, ","), ciKey) {
					t.Errorf("the gateway's key leaves in %s", name)
				}
			}
			if beta := served.Header.Get("anthropic-beta"); c.key == subscription && (beta != code[1] || served.Header.Get("x-app") != "cli" || served.Header.Get("authorization") != "Bearer "+subscription || served.Header.Get("x-api-key") != "") {
				t.Errorf("the provider got %v", served.Header)
			}
		})
	}
	if n := g.Metric(`headgate_credentials_refused_total{backend="theirs",status="401"}`); n != 0 {
		t.Errorf("%v refusals are counted as of the gateway's credential", n)
	}
	g.Stop()
	if i := strings.Index(g.Log(), "canary-of"); i >= 0 {
		t.Errorf("the log has a credential: %q", g.Log()[max(0, i-80):i+20])
	}
}
