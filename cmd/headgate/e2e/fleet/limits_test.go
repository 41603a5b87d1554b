package fleet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// limited is a policy of a chain whose first backend refuses every request for a while.
func limited(a, b *gatewaytest.Provider) string {
	return fmt.Sprintf(`version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: %q}
  b: {provider: openai-compatible, url: %q}
models: {m: {chain: [a/full, b/m]}}
`, a.URL, b.URL)
}

// TestALimitThatOnePairFoundIsKnownToAll holds that a backend which has said to one pair that
// its limit is reached is asked by no other pair meanwhile, that operators see which pairs found
// it out, and that it is known to a pair that comes later and under another control plane.
func TestALimitThatOnePairFoundIsKnownToAll(t *testing.T) {
	t.Parallel()
	a := gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: sim.Script{{Match: sim.Match{Model: "full"}, Do: sim.Behaviour{Status: 429, RetryAfter: "200"}}}})
	b := gatewaytest.Simulate(t, sim.Options{Keyless: true})
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: limited(a, b), Pairs: 2})
	learnt := `headgate_circuits_learnt_total{backend="a",reason="limited"}`
	knows := func(p *gatewaytest.Pair, pairs float64) {
		t.Helper()
		gatewaytest.Eventually(t, p.Node+" to know", func() bool {
			return p.Metric("headgate_fleet_pairs") == pairs && p.Metric(`headgate_circuits_open{backend="a"}`) == 1
		})
	}
	first, second := f.Pairs[0], f.Pairs[1]
	if got := first.Meets(); got == "" {
		t.Fatal("nothing answered")
	}
	knows(second, 2)
	for range 5 {
		if got := second.Meets(); got == "" {
			t.Error("nothing answered")
		}
	}
	if n := len(a.Settled()); n != 1 || second.Metric(learnt) != 1 || first.Metric(learnt) != 0 {
		t.Errorf("the limited backend was asked %d times; the second learnt it %v times, the first %v", n, second.Metric(learnt), first.Metric(learnt))
	}
	if status := f.XDS[0].Status(); !strings.Contains(status, "out of service") || !strings.Contains(status, "full   limited") || !strings.Contains(status, " pair-1\n") {
		t.Errorf("the status is\n%s", status)
	}
	f.XDS[0].Kill()
	f.StartXDS(0)
	third := f.AddPair()
	f.StartExtProc(third)
	f.StartEnvoy(third)
	f.AwaitAnswer(third)
	knows(third, 3)
	if third.Meets() == "" || len(a.Settled()) != 1 {
		t.Errorf("the limited backend was asked %d times", len(a.Settled()))
	}
}
