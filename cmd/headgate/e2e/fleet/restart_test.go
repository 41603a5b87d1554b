package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestControlPlaneKilledUnderLoad holds that clients notice nothing of a control plane
// that is killed, that one which comes back with the same policy pushes nothing, and
// that one which comes back with another puts it into effect.
func TestControlPlaneKilledUnderLoad(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 3)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair, first, second := f.Pairs[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)), gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs))
	pair.AwaitPolicy(first)
	l := gatewaytest.StartLoad(t, pair, 20, s.Whole(t))
	before := pair.Updates()
	f.XDS[0].Kill()
	pair.Eventually("the loss of the control plane", func() bool { return pair.Metric("headgate_pair_linked") == 0 })
	l.More(10)
	f.StartXDS(0)
	pair.AwaitLink()
	gatewaytest.Eventually(t, "the pair in the control plane's status", func() bool { return f.XDS[0].HasTaken(pair, first) })
	if after := pair.Updates(); after != before || !strings.Contains(before, "update_success") {
		t.Errorf("Envoy was given something anew:\n%s\nbefore:\n%s", after, before)
	}
	if n := strings.Count(pair.ExtProc.Log(), "policy in effect"); n != 1 {
		t.Errorf("ext_proc was given the policy %d times", n)
	}
	f.XDS[0].Kill()
	f.Write(gatewaytest.Edition(2, s.URLs))
	l.More(5)
	f.StartXDS(0)
	pair.AwaitPolicy(second)
	pair.AwaitRevision(second)
	l.Stop()
	pair.CheckRevisionsKnown()
}

// TestPairRestartsWithoutControlPlane holds that a pair, both halves of which were
// killed, serves the last good policy while the control plane is away, and follows it
// again once it is back.
func TestPairRestartsWithoutControlPlane(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair, second, third := f.Pairs[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs)), gatewaytest.RevisionOf(t, gatewaytest.Edition(3, s.URLs))
	f.Write(gatewaytest.Edition(2, s.URLs))
	pair.AwaitPolicy(second)
	f.XDS[0].Kill()
	pair.ExtProc.Kill()
	pair.Envoy.Kill()
	f.StartExtProc(pair)
	f.StartEnvoy(pair)
	pair.AwaitRevision(second)
	if text := pair.ExtProc.Log(); !strings.Contains(text, "serving the last good policy") || !strings.Contains(text, "no control plane") {
		t.Error("the log does not say that the pair serves the last good policy alone")
	}
	f.Write(gatewaytest.Edition(3, s.URLs))
	f.StartXDS(0)
	pair.AwaitPolicy(third)
	pair.AwaitRevision(third)
	pair.CheckRevisionsKnown()
}

// TestEnvoyRestartedAlone measures how long a new Envoy is without configuration. No
// test of this package runs meanwhile, because it measures.
func TestEnvoyRestartedAlone(t *testing.T) {
	s := gatewaytest.NewEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
	restart := func(when string) {
		for range 3 {
			pair.Envoy.Kill()
			f.StartEnvoy(pair)
			began := time.Now()
			f.AwaitAnswer(pair)
			took := time.Since(began)
			t.Logf("Envoy answers %v after its start, %s", took.Round(time.Millisecond), when)
			if took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		}
	}
	restart("with the control plane")
	f.XDS[0].Kill()
	restart("without the control plane")
	pair.CheckRevisionsKnown()
}
