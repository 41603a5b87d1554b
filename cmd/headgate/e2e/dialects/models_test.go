package dialects

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestModelsThatTakeLess holds that an agent that sends max_tokens and a temperature is
// answered by models that refuse both, by either dialect, alone and in chains, JSON and
// streams, and gets the names of what was dropped. models_like does the same for a deployment.
func TestModelsThatTakeLess(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, `  gpt: {chain: [sim/gpt-5.5]}
  opus: {chain: [claude/claude-opus-4-7]}
  chain: {chain: [sim/gpt-5.5, claude/claude-opus-4-7]}
  mine: {chain: [claude/my-opus]}
models_like:
  my-opus: claude-opus-4-7
unpriced: flag
`)
	for _, c := range []struct{ path, body, dropped string }{
		{"/v1/chat/completions", `{"model":%q,"max_tokens":3000,"temperature":0,"stream":%v,"messages":[{"role":"user","content":"Hi"}]}`, "temperature"},
		{"/v1/messages", `{"model":%q,"max_tokens":3000,"temperature":0,"stream":%v,"messages":[{"role":"user","content":"Hi"}]}`, "temperature"},
	} {
		for _, model := range []string{"gpt", "opus", "chain", "mine"} {
			for _, stream := range []bool{false, true} {
				a := g.Ask(gatewaytest.ChatRequest(c.path, fmt.Sprintf(c.body, model, stream), "", "anthropic-version", "2023-06-01"))
				if got := a.Header.Get("x-headgate-dropped"); a.Status != 200 || a.Err != nil || got != c.dropped {
					t.Errorf("%s %s stream %v: %d %v dropped %q %s", c.path, model, stream, a.Status, a.Err, got, a.Body)
				}
			}
		}
	}
}
