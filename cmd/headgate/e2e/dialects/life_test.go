package dialects

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// life is a sign of life in each API. In that of the provider comments pass as they came.
var life = map[string]*regexp.Regexp{
	"openai":    regexp.MustCompile(`(?m)^: |"delta":\{\},"logprobs":null,"finish_reason":null`),
	"anthropic": regexp.MustCompile(`(?m)^: |^event: ping$`),
	"responses": regexp.MustCompile(`(?m)^: `),
}

// TestSignsOfLifeReachEveryClient holds that the comments and pings of a provider are signs of
// life to a client of any API, in its own words, also if guards hold the text back, and in a chain
// from the first content on.
func TestSignsOfLifeReachEveryClient(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	apis := []string{"openai", "anthropic", "responses"}
	models := ""
	for _, b := range apis {
		api := map[string]string{"openai": ", api: chat", "responses": ", api: responses"}[b]
		models += fmt.Sprintf("  plain-%s: {chain: [%s/m]%s}\n", b, b, api)
		models += fmt.Sprintf("  chain-%s: {chain: [%s/m, other/m]%s}\n", b, b, api)
		models += fmt.Sprintf("  guarded-%s: {chain: [%s/m]%s, guards: {output: [{pii: {action: mask}}]}}\n", b, b, api)
	}
	g := gatewaytest.Start(t, strings.ReplaceAll(`version: 1
unpriced: flag
backends:
  openai: {provider: simulated, url: "URL"}
  anthropic: {provider: simulated, dialect: anthropic, url: "URL"}
  responses: {provider: simulated, responses: true, url: "URL"}
  other: {provider: simulated, url: "URL"}
models:
`, "URL", p.URL)+models, gatewaytest.Options{})
	for _, client := range apis {
		for _, backend := range apis {
			for _, model := range []string{"plain", "chain", "guarded"} {
				for _, sign := range []string{"comments", "pings"} {
					if sign == "pings" && backend != "anthropic" {
						continue
					}
					t.Run(fmt.Sprintf("%s of %s to %s, %s", sign, backend, client, model), func(t *testing.T) {
						t.Parallel()
						a := g.With(t).Ask(streamed(client, model+"-"+backend, t.Name(), sign))
						gatewaytest.MustOK(t, a)
						events := p.With(t).Find(t.Name()).Events
						if n := len(life[client].FindAllString(a.Body, -1)); n < events-3 { // those before the answer, and after it, say nothing
							t.Errorf("%d signs of life, the provider gave one before each of %d events: %s", n, events, a.Body)
						}
					})
				}
			}
		}
	}
}

// streamed asks for a stream.
func streamed(client, model, mark, sim string) gatewaytest.Request {
	switch client {
	case "anthropic":
		return gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody(model, mark, true), sim, "anthropic-version", "2023-06-01")
	case "responses":
		return gatewaytest.ChatRequest("/v1/responses", fmt.Sprintf(`{"model":%q,"store":false,"stream":true,"input":%q}`, model, mark), sim)
	default:
		return gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model, mark, true), sim)
	}
}
