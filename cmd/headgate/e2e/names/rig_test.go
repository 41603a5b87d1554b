// Package names holds what clients get by names that no policy has written out: those that
// wildcards answer, and those that nothing answers but the default.
package names

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// keys are the keys of the callers: ann may ask for all, bob for some.
var keys = map[string]string{"ANN": "canary-key-of-ann-5b1f", "BOB": "canary-key-of-bob-90ad"}

// failing is what the first link of ours/* has and does not answer for.
const failing = "claude-haiku-4-5"

const document = `version: 1
default: fast
backends:
  gpt: {provider: simulated, url: %q}
  claude: {provider: simulated, dialect: anthropic, url: %q}
callers:
  ann: {key: {env: ANN}}
  bob: {key: {env: BOB}, models: ["claude-*", openai/gpt-5]}
models:
  fast: gpt/gpt-4o-mini
  gpt-5-pro: gpt/gpt-4.1-nano
  "gpt-*": gpt/*
  "gpt-5-*": gpt/gpt-4.1-*
  "claude-*": claude/*
  "openai/*": gpt/*
  "ours/*": {chain: [gpt/*, claude/*], retries: 0}
  "small/*": {chain: [gpt/*], quota: {rpm: 2}}
  "paid/*": {chain: [gpt/*], quota: {usd_per_day: 0.003}}
  watched: {chain: [gpt/gpt-4o-mini], guards: {input: [{moderation: {model: openai/omni-moderation-latest}}]}}
  "kept/*": {chain: [gpt/*], cache: {ttl: 1h}}
`

// rig is a gateway before two providers, one of each dialect, by backend.
type rig struct {
	*gatewaytest.Gateway
	at map[string]*gatewaytest.Provider
}

func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{at: map[string]*gatewaytest.Provider{
		"gpt":    gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: sim.Script{{Match: sim.Match{Model: failing}, Do: sim.Behaviour{Status: 500}}}}),
		"claude": gatewaytest.Simulate(t, gatewaytest.Keyless),
	}}
	var env []string
	for name, key := range keys {
		env = append(env, name+"="+key)
	}
	r.Gateway = gatewaytest.Start(t, fmt.Sprintf(document, r.at["gpt"].URL, r.at["claude"].URL), gatewaytest.Options{Env: env})
	return r
}

func (r *rig) with(t *testing.T) *rig {
	out := &rig{r.Gateway.With(t), map[string]*gatewaytest.Provider{}}
	for name, p := range r.at {
		out.at[name] = p.With(t)
	}
	return out
}

// The clients, by the path that they ask at.
const (
	chat      = "/v1/chat/completions"
	messages  = "/v1/messages"
	responses = "/v1/responses"
)

// ask asks a model as a caller, with a mark by which the provider's log is searched.
func (r *rig) ask(caller, path, model, mark, sim string) gatewaytest.Answer {
	body := gatewaytest.MessageBody(model, mark, false)
	switch path {
	case chat:
		body = gatewaytest.ChatBody(model, mark, false)
	case responses:
		body = fmt.Sprintf(`{"model":%q,"input":%q}`, model, mark)
	}
	return r.Ask(gatewaytest.ChatRequest(path, body, sim, "authorization", "Bearer "+keys[caller], "anthropic-version", "2023-06-01"))
}
