package fleet

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// refusing is a provider that has reached its limit for long, until lifted is called.
func refusing(t *testing.T) (p *gatewaytest.Provider, lifted func()) {
	p = gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: sim.Script{{Match: sim.Match{Model: "full"}, Do: sim.Behaviour{Status: 429, RetryAfter: "200"}}}})
	return p, func() {
		if err := p.Script(); err != nil {
			t.Fatal(err)
		}
	}
}

// leaves waits until pairs leave the first backend alone.
func leaves(t *testing.T, pairs ...*gatewaytest.Pair) {
	t.Helper()
	for _, p := range pairs {
		gatewaytest.Eventually(t, p.Node+" to leave it alone", func() bool { return p.Metric(`headgate_circuits_open{backend="a"}`) == 1 })
	}
}

var reset = []string{"backend", "reset", "a", "--author", "ann", "--reason", "the quota is raised"}

// TestABackendIsReset holds that a backend whose limit is lifted is asked again at once by every
// pair, whichever found it out, once an operator says so.
func TestABackendIsReset(t *testing.T) {
	t.Parallel()
	a, lifted := refusing(t)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: limited(a, gatewaytest.Simulate(t, sim.Options{Keyless: true})), Pairs: 2})
	op := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	f.Pairs[0].Meets()
	leaves(t, f.Pairs...)
	lifted()
	for _, p := range f.Pairs {
		if p.Meets() == "" {
			t.Error("nothing answered")
		}
	}
	if n := len(a.Settled()); n != 1 {
		t.Fatalf("the limited backend was asked %d times", n)
	}
	op.Says(0, reset, "forgotten by 2 of 2 pairs: 2 things of a")
	for i := range 6 {
		p := f.Pairs[i%2]
		if p.Meets() == "" || len(a.Settled()) != 2+i {
			t.Errorf("%s did not ask the backend: %d requests have reached it", p.Node, len(a.Settled()))
		}
	}
	for _, p := range f.Pairs {
		if p.Metric(`headgate_backend_resets_total{backend="a"}`) != 1 || strings.Count(p.Log(), "an operator has reset it") != 1 {
			t.Errorf("%s does not say so: %s", p.Node, p.Log())
		}
	}
	if status := f.XDS[0].Status(); strings.Contains(status, "out of service") || !strings.Contains(f.XDS[0].Log(), "the quota is raised") {
		t.Errorf("the status is\n%s, the log\n%s", status, f.XDS[0].Log())
	}
	op.Says(1, []string{"backend", "reset", "c", "--author", "ann", "--reason", "x"}, `the policy in effect has no backend "c"`)
	op.Says(2, []string{"backend", "reset", "a"}, "--reason")
}

// TestABackendIsResetUnderTheOtherControlPlane holds the same of a pair that is linked to another
// control plane on the same database.
func TestABackendIsResetUnderTheOtherControlPlane(t *testing.T) {
	t.Parallel()
	a, lifted := refusing(t)
	f, other := acrossPlanes(t, a, gatewaytest.Simulate(t, sim.Options{Keyless: true}))
	f.Pairs[0].Meets()
	leaves(t, f.Pairs...)
	lifted()
	asked := len(a.Settled())
	gatewaytest.NewOperator(t, f.XDS[0].Admin).Says(0, reset, "forgotten by 1 of 1 pair: 1 thing of a", "1 pair of other control planes")
	gatewaytest.Eventually(t, "the other pair to ask it", func() bool { return other.Meets() != "" && len(a.Settled()) > asked })
	asked = len(a.Settled())
	for _, p := range f.Pairs {
		p.Meets()
	}
	if n := len(a.Settled()); n != asked+2 {
		t.Errorf("%d requests have reached the backend, want %d", n, asked+2)
	}
}
