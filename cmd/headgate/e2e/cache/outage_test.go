package cache

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestAHitNeedsNoBackend holds that an answer is given again while its backend has reached a limit,
// and after it is gone.
func TestAHitNeedsNoBackend(t *testing.T) {
	t.Parallel()
	s, err := sim.New(gatewaytest.Keyless)
	if err != nil {
		t.Fatal(err)
	}
	gone := httptest.NewServer(s)
	t.Cleanup(gone.Close)
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text := strings.Replace(gatewaytest.PolicyFor(p, `
  limited: {chain: [sim/plain], retries: 0, cache: {semantic: {threshold: 0.8}}}
  gone: {chain: [gone/plain], retries: 0, cache: {semantic: {threshold: 0.8}}}
`), "backends:\n", "backends:\n  gone: {provider: simulated, url: \""+gone.URL+"/v1\"}\n", 1)
	r := &rig{gatewaytest.Start(t, text, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}), p}
	const question = "How do I reset my password?"
	for _, model := range []string{"limited", "gone"} {
		r.stored(t, r.Chat(gatewaytest.ChatBody(model, question, false), ""))
	}
	gone.CloseClientConnections()
	gone.Close()
	for range 3 {
		for model, sim := range map[string]string{"limited": "status=429;retry-after=60", "gone": ""} {
			if a := r.Chat(gatewaytest.ChatBody(model, "What else?", false), sim); a.Status < 429 {
				t.Fatalf("%s: status %d", model, a.Status)
			}
		}
	}
	for _, model := range []string{"limited", "gone"} {
		for _, w := range gatewaytest.Ways {
			wants(t, r.Ask(w.Request(model, question)), "hit")
			wants(t, r.Ask(w.Request(model, "how do I reset my password please")), "semantic-hit")
		}
	}
}
