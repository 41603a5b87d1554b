package regions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// checked is a policy with a chain whose backends are checked.
func checked(near, far string) string {
	return fmt.Sprintf(`version: 1
unpriced: flag
backends:
  near: {provider: simulated, region: us, url: %q}
  far: {provider: simulated, region: eu, url: %q}
models:
  m: {retries: 0, chain: [near/m, far/m], health: {interval: 1s, probe: models}}
  sole: {retries: 0, chain: [near/m], health: {interval: 1s, probe: models}}
`, near, far)
}

// TestWhatIsOutIsDrained holds that a backend which does not answer its checks is in no
// chain that has something else, before anybody asks, and is back after it answers again;
// that the status says so all the while and the history does not; and that this holds for
// pairs of the release before.
func TestWhatIsOutIsDrained(t *testing.T) {
	for name, binary := range map[string]string{"this version": "", "a pair of the release before": gatewaytest.Release(t)} {
		t.Run(name, func(t *testing.T) {
			near, far := gatewaytest.Simulate(t, sim.Options{Keyless: true}), gatewaytest.Simulate(t, sim.Options{Keyless: true})
			wire := gatewaytest.StartNetwork(t, strings.TrimSuffix(strings.TrimPrefix(near.URL, "http://"), "/v1"))
			document := checked("http://"+wire.Addr+"/v1", far.URL)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: document, PairBinary: binary})
			x, pair, revision := f.XDS[0], f.Pairs[0], gatewaytest.RevisionOf(t, document)
			pair.AwaitPolicy(revision)
			by := func(want string) func() bool {
				return func() bool {
					a := pair.Chat(gatewaytest.ChatBody("m", "where?", false), "")
					return a.Status == 200 && a.Header.Get("x-headgate-backend") == want && a.Header.Get("x-headgate-attempts") == "1"
				}
			}
			if !by("near")() {
				t.Error("the first of the chain does not answer")
			}
			wire.Refuse()
			gatewaytest.Eventually(t, "the drained backend in the status", func() bool {
				return strings.Contains(x.Status(), "backends.near: drained, by health since ")
			})
			if status := x.Status(); !strings.HasPrefix(status, "policy  "+revision) || !strings.Contains(status, "refused") ||
				!strings.Contains(status, "models.sole: all of its chain is drained, so that none of it is") {
				t.Errorf("the status is\n%s", status)
			}
			gatewaytest.Eventually(t, "answers from the other region at the first attempt", by("far"))
			for range 10 {
				if !by("far")() {
					t.Error("the drained backend is asked")
				}
			}
			if _, text := x.Readyz(); !strings.Contains(text, "overlay backends.near: drained, by health") {
				t.Errorf("/readyz says\n%s", text)
			}
			if drained, up := x.Metric(`headgate_health_drained{backend="near"}`), x.Metric(`headgate_health_up{backend="near"}`); drained != 1 || up != 0 {
				t.Errorf("metrics: drained %v, up %v", drained, up)
			}
			wire.Up()
			gatewaytest.Eventually(t, "answers from the first region", by("near"))
			if status := x.Status(); strings.Contains(status, "drained") {
				t.Errorf("the status is\n%s", status)
			}
			out := gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"policy", "history"})
			if n := strings.Count(strings.TrimSpace(out), "\n"); n != 1 {
				t.Errorf("the history has %d changes:\n%s", n, out)
			}
			pair.CheckRevisionsKnown()
		})
	}
}
