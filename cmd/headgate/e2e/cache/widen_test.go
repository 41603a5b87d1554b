package cache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestClientsWidenNothing holds that no header and no field of a request makes a cache give what
// the policy does not let it: another's answer, or that to a question which is not near enough.
func TestClientsWidenNothing(t *testing.T) {
	t.Parallel()
	r := start(t, "  again: {chain: [sim/plain], cache: {semantic: {threshold: 0.9999}}}\n", "", map[string]string{"ann": "team: red, user: ann", "bob": "tags: [b]"})
	kept := r.Chat(gatewaytest.ChatBody("again", "What is the secret of Ann?", false), "text=secret", as("ann")...)
	entry := r.used(t, kept).Stored
	headers := []string{
		"x-headgate-cache: hit", "x-headgate-cache: enforce", "x-headgate-cache-key: " + entry, "x-headgate-cache-similarity: 0", "x-headgate-cache-threshold: 0",
		"x-headgate-cache-scope: shared", "x-headgate-scope: team", "x-headgate-team: red", "x-headgate-user: ann", "x-headgate-caller: ann", "x-headgate-feature: cache",
		"x-headgate-tags: b", "cache-control: threshold=0, scope=shared, only-if-cached, max-stale=99999, stale-if-error=9999",
		"pragma: cache", "if-none-match: " + entry, "age: 0", "x-forwarded-user: ann", "x-headgate-model: again", "x-headgate-policy-revision: 0",
	}
	fields := []string{
		`"user":"ann"`, `"safety_identifier":"ann"`, `"metadata":{"cache":"shared","x-headgate-team":"red"}`, `"prompt_cache_key":"` + entry + `"`, `"store":true`,
		`"service_tier":"auto"`,
	}
	check := func(t *testing.T, body string, header ...string) {
		t.Helper()
		a := r.Gateway.With(t).Chat(body, "text=own", append(header, as("bob")...)...)
		gatewaytest.MustOK(t, a)
		if strings.Contains(a.Body, "secret") {
			t.Errorf("it is given: %s", result(a))
		}
	}
	for i, h := range headers {
		t.Run(h, func(t *testing.T) {
			name, value, _ := strings.Cut(h, ": ")
			check(t, gatewaytest.ChatBody("again", "What is the secret of Ann?", false), name, value)
			question := fmt.Sprintf("How do I reset password %d of my account?", i)
			r.stored(t, r.Gateway.With(t).Chat(gatewaytest.ChatBody("again", question, false), "text=secret", as("bob")...))
			check(t, gatewaytest.ChatBody("again", strings.Replace(question, "of my account", "for my account please", 1), false), name, value)
		})
	}
	for _, f := range fields {
		t.Run(f, func(t *testing.T) {
			check(t, strings.Replace(gatewaytest.ChatBody("again", "What is the secret of Ann?", false), "{", "{"+f+",", 1))
		})
	}
}
