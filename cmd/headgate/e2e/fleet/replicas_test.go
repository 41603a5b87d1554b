package fleet

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAReplicaIsKilled holds that pairs serve on when the replica that they follow is
// killed, move to another one, and take changes from there.
func TestAReplicaIsKilled(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDS: 2, Pairs: 2})
	await := func(k int) {
		t.Helper()
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(k, s.URLs)))
			pair.AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(k, s.URLs)))
		}
	}
	await(1)
	var loads []*gatewaytest.Load
	for _, pair := range f.Pairs {
		loads = append(loads, gatewaytest.StartLoad(t, pair, 10, s.Whole(t)))
	}
	for round, killed := range []int{0, 1} {
		f.XDS[killed].Kill()
		other := f.XDS[1-killed]
		gatewaytest.Eventually(t, "both pairs at the other replica", func() bool { return other.Metric("headgate_xds_clients") == 2 })
		f.Write(gatewaytest.Edition(2+round, s.URLs))
		await(2 + round)
		f.StartXDS(killed)
	}
	for i, l := range loads {
		l.Stop()
		f.Pairs[i].CheckRevisionsKnown()
	}
}

// TestReplicasShareTheHistory holds that what is pushed to one of two replicas with one
// state folder is served by the other one, too, and outlives the first.
func TestReplicasShareTheHistory(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDS: 2, Pairs: 2, SharedState: true})
	for k, asked := range []int{1, 0} {
		pushed := gatewaytest.RevisionOf(t, gatewaytest.Edition(2+k, s.URLs))
		o := gatewaytest.NewOperator(t, f.XDS[asked].Admin)
		o.Push(0, gatewaytest.Edition(2+k, s.URLs), nil, pushed)
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(pushed)
			pair.AwaitRevision(pushed)
		}
		for _, x := range f.XDS {
			gatewaytest.Eventually(t, "the push at each replica", func() bool { return strings.HasPrefix(x.Status(), "policy  "+pushed) })
		}
	}
	for _, x := range f.XDS {
		out := gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"policy", "history"})
		if n := strings.Count(strings.TrimSpace(out), "\n"); n != 3 {
			t.Errorf("the history has %d changes, want 3:\n%s", n, out)
		}
	}
	last := gatewaytest.RevisionOf(t, gatewaytest.Edition(3, s.URLs))
	f.XDS[0].Kill()
	gatewaytest.Eventually(t, "both pairs at the other replica", func() bool { return f.XDS[1].Metric("headgate_xds_clients") == 2 })
	for _, pair := range f.Pairs {
		pair.AwaitRevision(last)
		pair.CheckRevisionsKnown()
	}
}
