package main_test

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
	s := newEditions(t, 3)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls)})
	pair, first, second := f.Pairs[0], revisionOf(t, edition(1, s.urls)), revisionOf(t, edition(2, s.urls))
	pair.AwaitPolicy(first)
	l := startLoad(t, pair, 20, s.whole(t))
	before := pair.Updates()
	f.XDS[0].Kill()
	pair.Eventually("the loss of the control plane", func() bool { return pair.Metric("headgate_pair_linked") == 0 })
	l.more(10)
	f.StartXDS(0)
	linked(pair)
	eventually(t, "the pair in the control plane's status", func() bool { return taken(f.XDS[0], pair, first) })
	if after := pair.Updates(); after != before || !strings.Contains(before, "update_success") {
		t.Errorf("Envoy was given something anew:\n%s\nbefore:\n%s", after, before)
	}
	if n := strings.Count(pair.ExtProc.Log(), "policy in effect"); n != 1 {
		t.Errorf("ext_proc was given the policy %d times", n)
	}
	f.XDS[0].Kill()
	f.Write(edition(2, s.urls))
	l.more(5)
	f.StartXDS(0)
	pair.AwaitPolicy(second)
	met(t, &pair.Gateway, second)
	l.stop()
	unheld(t, pair)
}

// TestPairRestartsWithoutControlPlane holds that a pair, both halves of which were
// killed, serves the last good policy while the control plane is away, and follows it
// again once it is back.
func TestPairRestartsWithoutControlPlane(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls)})
	pair, second, third := f.Pairs[0], revisionOf(t, edition(2, s.urls)), revisionOf(t, edition(3, s.urls))
	f.Write(edition(2, s.urls))
	pair.AwaitPolicy(second)
	f.XDS[0].Kill()
	pair.ExtProc.Kill()
	pair.Envoy.Kill()
	f.StartExtProc(pair)
	f.StartEnvoy(pair)
	met(t, &pair.Gateway, second)
	if text := pair.ExtProc.Log(); !strings.Contains(text, "serving the last good policy") || !strings.Contains(text, "no control plane") {
		t.Error("the log does not say that the pair serves the last good policy alone")
	}
	f.Write(edition(3, s.urls))
	f.StartXDS(0)
	pair.AwaitPolicy(third)
	met(t, &pair.Gateway, third)
	unheld(t, pair)
}

// TestEnvoyRestartedAlone measures how long a new Envoy is without configuration. It
// runs alone, because it measures.
func TestEnvoyRestartedAlone(t *testing.T) {
	s := newEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(revisionOf(t, edition(1, s.urls)))
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
	unheld(t, pair)
}
