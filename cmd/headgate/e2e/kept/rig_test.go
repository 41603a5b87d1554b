// Package kept holds what clients get of what providers keep for them: stored responses lead back
// to the backend that has them, for those alone to whom they were given.
package kept

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// keys are the credentials of the providers and the keys of the callers.
var keys = map[string]string{
	"A": "sk-canary-of-a-61c0", "B": "sk-canary-of-b-27fe",
	"ANN": "canary-key-of-ann-5b1f", "BOB": "canary-key-of-bob-90ad", "EVE": "canary-key-of-eve-11c2",
}

// rig is a gateway before two accounts, each with a state of its own, and a server of chat
// completions. Of the callers ann and bob are a team.
type rig struct {
	*gatewaytest.Gateway
	at     map[string]*gatewaytest.Provider
	policy string
}

const document = `version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, responses: true, url: %q, credential: {env: A}}
  b: {provider: openai-compatible, responses: true, url: %q, credential: {env: B}}
  chat: {provider: openai-compatible, url: %q, credential: {env: A}}
  ca: {provider: openai-compatible, dialect: anthropic, url: %q, credential: {env: A}}
  cb: {provider: openai-compatible, dialect: anthropic, url: %q, credential: {env: B}}
callers:
  ann: {key: {env: ANN}, team: red}
  bob: {key: {env: BOB}, team: red}
  eve: {key: {env: EVE}}
models:
  both: {chain: [[{use: a/x, weight: 50}, {use: b/x, weight: 50}], chat/x]}
  one: a/x
  two: b/x
  plain: chat/x
  claudes: {chain: [[{use: ca/claude, weight: 50}, {use: cb/claude, weight: 50}], chat/x]}
  guarded: {chain: [a/x], guards: {output: [{words: {words: [swordfish], action: deny}}]}}
  leaks: {chain: [a/x+text=swordfish], guards: {output: [{words: {words: [swordfish], action: deny}}]}}
  masks: {chain: [a/x+text=swordfish], guards: {output: [{words: {words: [swordfish], action: mask}}]}}
  failing: {retries: 0, chain: [a/x+status=500, b/x]}
  limited: {chain: [a/x+status=429, b/x]}
`

func start(t *testing.T, more string) *rig {
	t.Helper()
	r := &rig{at: map[string]*gatewaytest.Provider{}}
	for _, name := range []string{"A", "B"} {
		r.at[strings.ToLower(name)] = gatewaytest.Simulate(t, sim.Options{Keys: []string{keys[name]}})
	}
	r.policy = fmt.Sprintf(document, r.at["a"].URL, r.at["b"].URL, r.at["a"].URL, r.at["a"].URL, r.at["b"].URL) + more
	r.Gateway = r.pair(t)
	return r
}

// pair starts a gateway with the policy, as another pair or one that was started again.
func (r *rig) pair(t *testing.T) *gatewaytest.Gateway {
	t.Helper()
	var env []string
	for name, key := range keys {
		env = append(env, name+"="+key)
	}
	return gatewaytest.Start(t, r.policy, gatewaytest.Options{Env: env})
}

// as returns the headers of a caller.
func as(caller string, more ...string) []string {
	return append(more, "authorization", "Bearer "+keys[caller])
}

// create asks for a response.
func create(g *gatewaytest.Gateway, caller, model, members string, more ...string) gatewaytest.Answer {
	return g.Ask(gatewaytest.ChatRequest("/v1/responses", `{"model":"`+model+`",`+members+`"input":"Say something."}`, "", as(caller, more...)...))
}

// on asks for something that is kept.
func on(g *gatewaytest.Gateway, caller, method, path string) gatewaytest.Answer {
	r := gatewaytest.ChatRequest("/v1/responses/"+path, "", "", as(caller)...)
	r.Method = method
	return g.Ask(r)
}

var idOf = regexp.MustCompile(`"id":\s*"(resp_[^"]+)"`)

// bound is what the gateway adds to an id.
var bound = regexp.MustCompile(`_hg[A-Za-z0-9_-]{24}`)

// id is the id of a response, as the client has it.
func id(t *testing.T, a gatewaytest.Answer) string {
	t.Helper()
	found := idOf.FindStringSubmatch(a.Body)
	if a.Status != 200 || found == nil {
		t.Fatalf("no response: %d %s", a.Status, a.Body)
	}
	return found[1]
}
