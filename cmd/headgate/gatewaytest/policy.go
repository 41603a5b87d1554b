package gatewaytest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/sim"
)

// The credential of the backend "keyed". It may reach the provider and nobody else.
const (
	BackendKeyName = "HEADGATE_E2E_KEY"
	BackendKey     = "sk-canary-backend-5d1f"
)

// prices of the policy, in pico-USD per token: one for each bucket, so that a
// count in the wrong bucket changes the sum.
var prices = map[string]int64{
	"input": 1_000_003, "output": 7_000_019, "cache_read": 100_001, "cache_write_5m": 1_250_007,
	"cache_write_1h": 2_000_011, "audio_input": 3_000_013, "audio_output": 9_000_017,
}

// PolicyFor is the policy that most tests run: models on a backend of the OpenAI and
// of the Anthropic dialect, both answered by p.
func PolicyFor(p *Provider, more string) string {
	text := `version: 1
backends:
  sim:    {provider: simulated, url: "URL"}
  claude: {provider: simulated, dialect: anthropic, url: "URL"}
  keyed:  {provider: openai, url: "URL", credential: {env: KEY}}
models:
  plain: sim/plain
  renamed: {chain: [sim/plain]}
  plain-claude: claude/plain-claude
  renamed-claude: claude/plain-claude
  keyed: keyed/plain
  fast: {chain: [sim/plain], retries: 0, timeout: 1s, idle_timeout: 1s}
  fast-claude: {chain: [claude/plain-claude], retries: 0, timeout: 1s, idle_timeout: 1s}
  once: {chain: [sim/plain], retries: 0}
  once-claude: {chain: [claude/plain-claude], retries: 0}
  once-keyed: {chain: [keyed/plain], retries: 0}
MORE
prices:
  plain: {PRICE}
  plain-claude: {PRICE}
`
	return strings.NewReplacer("URL", p.URL, "KEY", BackendKeyName, "MORE", strings.TrimSuffix(more, "\n"), "PRICE", priceText()).Replace(text)
}

// priceText writes the prices as a policy does, in USD per million tokens.
func priceText() string {
	var all []string
	for name, pico := range prices {
		all = append(all, fmt.Sprintf("%s: %d.%06d", name, pico/1_000_000, pico%1_000_000))
	}
	return strings.Join(all, ", ")
}

// Keyless are the options of a provider that takes requests of any backend.
var Keyless = sim.Options{Keyless: true}

// Serve starts a provider and a gateway in front of it.
func Serve(t *testing.T, more string) (*Gateway, *Provider) {
	t.Helper()
	p := Simulate(t, Keyless)
	g := Start(t, PolicyFor(p, more), Options{Env: []string{BackendKeyName + "=" + BackendKey}})
	return g, p
}

// ChatBody is a chat completion request. The mark tells it apart at the provider.
func ChatBody(model, mark string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, mark)
}

// MessageBody is the same in the Anthropic dialect.
func MessageBody(model, mark string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":512,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, mark)
}

// Nano is what a usage costs by prices, in nano-USD, rounded half-even.
func Nano(u sim.Usage) int64 {
	pico := int64(u.Input)*prices["input"] + int64(u.CacheRead)*prices["cache_read"] +
		int64(u.CacheWrite5m)*prices["cache_write_5m"] + int64(u.CacheWrite1h)*prices["cache_write_1h"] +
		int64(u.AudioInput)*prices["audio_input"] + int64(u.Output+u.Reasoning)*prices["output"] +
		int64(u.AudioOutput)*prices["audio_output"]
	n, rest := pico/1000, pico%1000
	if rest > 500 || rest == 500 && n%2 == 1 {
		n++
	}
	return n
}

// MustOK fails the test if an answer is not a whole success.
func MustOK(t *testing.T, a Answer) {
	t.Helper()
	if a.Status != http.StatusOK || a.Err != nil {
		t.Fatalf("status %d, error %v, body %s", a.Status, a.Err, a.Body)
	}
}
