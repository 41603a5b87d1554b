package streams

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestIdleTimeout holds idle_timeout apart from timeout: it bounds the silence inside
// a response, not the one before it, whether it is above or below timeout.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	const chains = `
  short-NAME: {chain: CHAIN, retries: 0, timeout: 5s, idle_timeout: 500ms}
  long-NAME: {chain: CHAIN, retries: 0, timeout: 500ms, idle_timeout: 1500ms}`
	more := `
  hangs: {chain: ["sim/plain+hang=headers", sim/plain], timeout: 900ms, idle_timeout: 100ms}`
	for name, chain := range map[string]string{"one": "[sim/plain]", "two": "[sim/plain, claude/plain-claude]"} {
		more += strings.NewReplacer("NAME", name, "CHAIN", chain).Replace(chains)
	}
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, more[1:])+"unpriced: flag\n", gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	t.Run("a link that hangs", func(t *testing.T) {
		t.Parallel()
		g := g.With(t)
		a := g.Chat(gatewaytest.ChatBody("hangs", "goes on", false), "")
		gatewaytest.MustOK(t, a)
		if d := cmp.Diff(gatewaytest.EndingWith("ok", "", http.StatusOK, 4), gatewaytest.EndingOf(g.Row(a.Exchange()))); d != "" {
			t.Errorf("row (-want +got):\n%s", d)
		}
	})
	for _, name := range []string{"one", "two"} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("a model that thinks, %s stream=%t", name, stream), func(t *testing.T) {
				t.Parallel()
				gatewaytest.MustOK(t, g.With(t).Chat(gatewaytest.ChatBody("short-"+name, "thinks", stream), "ttft=3s"))
			})
		}
		for model, idle := range map[string]time.Duration{"short-": 500 * time.Millisecond, "long-": 1500 * time.Millisecond} {
			t.Run(model+name+" falls silent", func(t *testing.T) {
				t.Parallel()
				g := g.With(t)
				s := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model+name, "silent", true), "hang=3"))
				began := time.Now()
				_, err := s.Rest()
				if took := time.Since(began); !errors.Is(err, io.ErrUnexpectedEOF) || took < idle-50*time.Millisecond {
					t.Errorf("cut after %v, %v; want %v", took, err, idle)
				}
				row := g.Row(s.Response.Header.Get(record.ExchangeHeader))
				if d := cmp.Diff(gatewaytest.EndingWith("idle_timeout", "provider", http.StatusOK, 1), gatewaytest.EndingOf(row)); d != "" || !strings.Contains(row.Detail, record.SilentDetails) {
					t.Errorf("%s; row (-want +got):\n%s", row.Detail, d)
				}
			})
		}
	}
}
