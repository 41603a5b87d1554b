package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/xds/store/storetest"
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
	if log := second.Log(); strings.Contains(log, "within its limits again") {
		t.Errorf("the second forgot it as the control plane was started again: %s", log)
	}
}

// acrossPlanes starts two control planes on one database, with a pair at each: the first of the
// fleet, and the other.
func acrossPlanes(t *testing.T, a, b *gatewaytest.Provider) (f *gatewaytest.Fleet, other *gatewaytest.Pair) {
	t.Helper()
	policy := strings.Replace(limited(a, b), "\nbackends:", "\nstore: {postgres: {env: DATABASE_URL}}\nbackends:", 1)
	f = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: policy, XDS: 2, XDSEnv: []string{"DATABASE_URL=" + storetest.StartServer(t).URL("postgres")}})
	other = f.AddPair()
	slices.Reverse(f.XDS) // which it tries in their order
	f.StartExtProc(other)
	slices.Reverse(f.XDS)
	f.StartEnvoy(other)
	f.AwaitAnswer(other)
	gatewaytest.Eventually(t, "both to be counted", func() bool {
		return f.Pairs[0].Metric("headgate_fleet_pairs") == 2 && other.Metric("headgate_fleet_pairs") == 2
	})
	return f, other
}

// TestALimitIsKnownUnderTheOtherControlPlane holds the same of pairs that are linked to two
// control planes on one database, and that one which is killed takes its pairs along for a
// while at most.
func TestALimitIsKnownUnderTheOtherControlPlane(t *testing.T) {
	t.Parallel()
	a := gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: sim.Script{{Match: sim.Match{Model: "full"}, Do: sim.Behaviour{Status: 429, RetryAfter: "200"}}}})
	b := gatewaytest.Simulate(t, sim.Options{Keyless: true})
	f, other := acrossPlanes(t, a, b)
	for _, x := range f.XDS {
		if n := x.Metric("headgate_pairs"); n != 1 {
			t.Errorf("%v pairs are linked to one of both", n)
		}
	}
	f.Pairs[0].Meets()
	gatewaytest.Eventually(t, "the other pair to know", func() bool { return other.Metric(`headgate_circuits_open{backend="a"}`) == 1 })
	if other.Meets() == "" || len(a.Settled()) != 1 {
		t.Errorf("the limited backend was asked %d times", len(a.Settled()))
	}
	if status := f.XDS[1].Status(); !strings.Contains(status, "full   limited") || !strings.Contains(status, " pair-1\n") {
		t.Errorf("the status is\n%s", status)
	}
	f.XDS[0].Kill()
	gatewaytest.Eventually(t, "both at the second", func() bool {
		return f.XDS[1].Metric("headgate_pairs") == 2 && other.Metric("headgate_fleet_pairs") == 2
	})
}
