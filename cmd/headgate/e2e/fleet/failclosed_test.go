package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestDeadExtprocFailsClosed kills the ext_proc server while an attempt waits for
// its provider: what was under way and what comes then is refused in JSON, and no
// provider ever sees a request without its own credential.
func TestDeadExtprocFailsClosed(t *testing.T) {
	t.Parallel()
	a, b := gatewaytest.Simulate(t, sim.Options{Keys: []string{"sk-canary-a"}}), gatewaytest.Simulate(t, sim.Options{Keys: []string{"sk-canary-b"}})
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Env: []string{"KEY_A=sk-canary-a", "KEY_B=sk-canary-b"}, Policy: fmt.Sprintf(`version: 1
backends:
  a: {provider: openai, url: %q, credential: {env: KEY_A}}
  b: {provider: anthropic, url: %q, credential: {env: KEY_B}}
models: {m: {chain: [a/gpt-4o, b/claude-sonnet-4-6]}}
`, a.URL, b.URL)})
	pair := f.Pairs[0]
	ask := func(text string) (status int, body string) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		a, err := pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", text, false), "", "authorization", "Bearer sk-canary-client"))
		if err != nil {
			return 0, err.Error()
		}
		return a.Status, a.Body
	}
	type answer struct {
		status int
		body   string
	}
	hung := make(chan answer, 1)
	go func() {
		status, body := ask("[[sim hang=headers]]")
		hung <- answer{status, body}
	}()
	gatewaytest.Eventually(t, "the request at the provider", func() bool { return a.WaitReceived(t.Context(), 1) == nil })
	pair.ExtProc.Kill()
	first := <-hung
	status, body := ask("and now?")
	for _, got := range []answer{first, {status, body}} {
		var e struct {
			Error struct{ Message, Code string }
		}
		if err := json.Unmarshal([]byte(got.body), &e); err != nil || got.status != http.StatusServiceUnavailable || e.Error.Message == "" {
			t.Errorf("status %d, %s", got.status, got.body)
		}
	}
	f.StartExtProc(pair)
	gatewaytest.Eventually(t, "an answer again", func() bool {
		status, _ := ask("back?")
		return status == http.StatusOK
	})
	for name, p := range map[string]*gatewaytest.Provider{"sk-canary-a": a, "sk-canary-b": b} {
		for _, served := range p.Served() {
			if served.Key != name || strings.Contains(fmt.Sprint(served.Header), "sk-canary-client") {
				t.Errorf("a provider got %v", served.Header)
			}
		}
	}
}
