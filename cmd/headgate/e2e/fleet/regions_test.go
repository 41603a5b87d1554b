package fleet

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestPairsPreferTheirRegion holds that pairs in two regions, served the same policy,
// each ask their own region's backend, and the other one's once it is gone.
func TestPairsPreferTheirRegion(t *testing.T) {
	t.Parallel()
	us, eu := gatewaytest.Simulate(t, sim.Options{Keyless: true}), gatewaytest.Simulate(t, sim.Options{Keyless: true})
	document := func(us, eu string) string {
		return fmt.Sprintf(`version: 1
unpriced: flag
backends:
  us: {provider: openai-compatible, region: us, url: %q}
  eu: {provider: openai-compatible, region: eu, url: %q}
models: {m: {nearest: true, chain: [[{use: us/m, weight: 50}, {use: eu/m, weight: 50}]]}}
`, us, eu)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: document(us.URL, eu.URL), PairArgs: []string{"--region", "us"}})
	far := f.AddPair()
	far.Args = []string{"--region", "eu"}
	f.StartExtProc(far)
	f.StartEnvoy(far)
	f.AwaitAnswer(far)
	answers := func(pair *gatewaytest.Pair, want string) {
		t.Helper()
		for i := range 20 {
			a := pair.Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "where?", false), "", "x-headgate-user", fmt.Sprint("user-", i)))
			if got := a.Header.Get("x-headgate-backend"); a.Status != 200 || got != want {
				t.Errorf("%s: status %d by %s, want %s: %s", pair.Node, a.Status, got, want, a.Body)
			}
		}
	}
	answers(f.Pairs[0], "us")
	answers(far, "eu")
	gone := document(us.URL, fmt.Sprintf("http://127.0.0.1:%d/v1", gatewaytest.FreePort(t)))
	f.Write(gone)
	far.AwaitPolicy(gatewaytest.RevisionOf(t, gone))
	answers(far, "us")
}
