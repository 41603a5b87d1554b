// Package cache holds which answers a gateway gives again, to whom, and as what: what a client
// gets, what the provider is asked, and what is recorded of it.
package cache

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// rig is a gateway before a provider of both dialects.
type rig struct {
	*gatewaytest.Gateway
	at *gatewaytest.Provider
}

// start starts a gateway with further models and top-level keys, and with callers by their name,
// such as {"ann": "team: red"}. Without any, everybody may ask.
func start(t *testing.T, models, more string, callers map[string]string, env ...string) *rig {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text, keys := callersOf(callers)
	env = append(append(env, keys...), gatewaytest.BackendKeyName+"="+gatewaytest.BackendKey)
	return &rig{gatewaytest.Start(t, gatewaytest.PolicyFor(p, models)+more+text, gatewaytest.Options{Env: env}), p}
}

// callersOf writes callers as a policy has them, and where their keys are.
func callersOf(callers map[string]string) (text string, env []string) {
	if len(callers) == 0 {
		return "", nil
	}
	text = "callers:\n"
	for name, more := range callers {
		variable := "KEY_OF_" + strings.ToUpper(name)
		text += fmt.Sprintf("  %s: {key: {env: %s}, %s}\n", name, variable, more)
		env = append(env, variable+"="+keyOf(name))
	}
	return text, env
}

// keyOf is the key of a caller.
func keyOf(caller string) string { return "hg-the-key-of-" + caller }

// as are the headers by which a caller is known.
func as(caller string) []string { return []string{"authorization", "Bearer " + keyOf(caller)} }

func (r *rig) with(t *testing.T) *rig { return &rig{r.Gateway.With(t), r.at.With(t)} }

// result is what an answer's headers say of the cache: what came of looking, and why it was no hit.
func result(a gatewaytest.Answer) string {
	return strings.TrimSpace(a.Header.Get("x-headgate-cache") + " " + a.Header.Get("x-headgate-cache-reason"))
}

// wants fails the test if an answer is no success, or says something else of the cache.
func wants(t *testing.T, a gatewaytest.Answer, want string) {
	t.Helper()
	gatewaytest.MustOK(t, a)
	if got := result(a); got != want {
		t.Errorf("the cache says %q, want %q: %s", got, want, a.Body)
	}
}

// asked fails the test if the provider was not asked so often with a text.
func (r *rig) asked(t *testing.T, text string, times int) {
	t.Helper()
	n := 0
	for _, s := range r.at.With(t).Settled() {
		if strings.Contains(string(s.Body), text) {
			n++
		}
	}
	if n != times {
		t.Errorf("the provider was asked %d times with %q, want %d", n, text, times)
	}
}

// used is what the row of an answer says of the cache.
func (r *rig) used(t *testing.T, a gatewaytest.Answer) *record.Cache {
	t.Helper()
	id := a.Exchange()
	if id == "" { // Envoy's own answers have it in their body
		id = gatewaytest.RefusedExchange(a)
	}
	row := r.Gateway.With(t).Row(id)
	if row.Cache == nil {
		t.Fatalf("the row says nothing of the cache: %+v", row)
	}
	return row.Cache
}

// stored waits until the answer to an exchange is kept: its row is written after that.
func (r *rig) stored(t *testing.T, a gatewaytest.Answer) {
	t.Helper()
	if c := r.used(t, a); c.Stored == "" {
		t.Fatalf("it is not kept: %+v", c)
	}
}

// turns are messages of a conversation in JSON, as roles and texts in turn.
func turns(all ...string) string {
	var out []string
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, fmt.Sprintf(`{"role":%q,"content":%q}`, all[i], all[i+1]))
	}
	return strings.Join(out, ",")
}

// edit changes the policy of a gateway in one place, and waits until it is in effect.
func (r *rig) edit(t *testing.T, change, into string) {
	t.Helper()
	b, err := os.ReadFile(r.Policy)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), change) {
		t.Fatalf("the policy has no %q", change)
	}
	g := r.Gateway.With(t)
	revision := func() string {
		a := g.Ask(gatewaytest.Request{Method: http.MethodGet, Path: "/v1/models"})
		return a.Header.Get("x-headgate-policy-revision")
	}
	before := revision()
	g.Write(strings.Replace(string(b), change, into, 1))
	g.Eventually("the change", func() bool { return revision() != before })
}
