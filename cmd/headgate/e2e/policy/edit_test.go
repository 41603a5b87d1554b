package policy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// answers waits until a model of a gateway answers.
func answers(t *testing.T, g *gatewaytest.Gateway, model string) {
	t.Helper()
	gatewaytest.Eventually(t, "an answer of "+model, func() bool {
		a, err := g.Try(t.Context(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model, "hello", false), ""))
		return err == nil && a.Status == http.StatusOK
	})
}

// TestAPolicyIsEditedWhileAGatewayRuns holds that headgate run takes each change: a
// new model, the simulated provider that was not needed before, another address,
// and nothing of a faulty one.
func TestAPolicyIsEditedWhileAGatewayRuns(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\nmodels:\n  one: b/x\n", p.URL)
	g := gatewaytest.Start(t, policy, gatewaytest.Options{})
	listen := "listen: " + strings.TrimPrefix(g.URL, "http://") + "\n"
	answers(t, g, "one")

	policy += "  two: b/y\n"
	g.Write(listen + policy)
	answers(t, g, "two")

	g.Write(listen + policy + "modles: {}\nlimts: {}\n")
	g.Eventually("the refusal", func() bool { return strings.Contains(g.Log(), "policy refused; the last good one stays in effect") })
	if n := g.Metric("headgate_policy_refused"); n != 1 {
		t.Errorf("refused is %v", n)
	}
	for _, says := range []string{"modles", "limts"} {
		if !strings.Contains(g.Log(), says) {
			t.Errorf("the log does not say %q", says)
		}
	}
	answers(t, g, "two")

	policy = strings.Replace(policy, "models:\n", "  s: {provider: openai, credential: {env: HEADGATE_E2E_UNSET}, without_credential: simulate}\nmodels:\n  three: s/gpt-4o\n", 1)
	g.Write(listen + policy)
	answers(t, g, "three")
	if n := g.Metric("headgate_policy_refused"); n != 0 {
		t.Errorf("refused is %v after a good change", n)
	}

	stream := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("one", "[[sim tokens=20 pause=50ms]]", true), ""))
	if _, err := stream.Next(); err != nil {
		t.Fatal(err)
	}
	old, moved := *g, *g
	moved.URL = fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t))
	g.Write("listen: " + strings.TrimPrefix(moved.URL, "http://") + "\n" + policy)
	answers(t, &moved, "three")
	gatewaytest.Eventually(t, "the end of the address before", func() bool { return old.RefusesConnections() })
	if n, err := stream.Rest(); err != nil || n < 15 {
		t.Errorf("the stream at the address before ended after %d events with %v", n, err)
	}
	g.Write(listen + policy)
	answers(t, &old, "one")
}
