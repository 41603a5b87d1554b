package main_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAReplicaIsKilled holds that pairs serve on when the replica that they follow is
// killed, move to another one, and take changes from there.
func TestAReplicaIsKilled(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), XDS: 2, Pairs: 2})
	await := func(k int) {
		t.Helper()
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(revisionOf(t, edition(k, s.urls)))
			met(t, &pair.Gateway, revisionOf(t, edition(k, s.urls)))
		}
	}
	await(1)
	var loads []*load
	for _, pair := range f.Pairs {
		loads = append(loads, startLoad(t, pair, 10, s.whole(t)))
	}
	for round, killed := range []int{0, 1} {
		f.XDS[killed].Kill()
		other := f.XDS[1-killed]
		eventually(t, "both pairs at the other replica", func() bool { return other.Metric("headgate_xds_clients") == 2 })
		f.Write(edition(2+round, s.urls))
		await(2 + round)
		f.StartXDS(killed)
	}
	for i, l := range loads {
		l.stop()
		unheld(t, f.Pairs[i])
	}
}

// TestReplicasShareTheHistory holds that what is pushed to one of two replicas with one
// state folder is served by the other one, too, and outlives the first.
func TestReplicasShareTheHistory(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 4)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), XDS: 2, Pairs: 2, SharedState: true})
	for k, asked := range []int{1, 0} {
		pushed := revisionOf(t, edition(2+k, s.urls))
		o := &operator{t, f.XDS[asked].Admin, t.TempDir()}
		o.push(0, edition(2+k, s.urls), nil, pushed)
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(pushed)
			met(t, &pair.Gateway, pushed)
		}
		for _, x := range f.XDS {
			eventually(t, "the push at each replica", func() bool { return strings.HasPrefix(x.Status(), "policy  "+pushed) })
		}
	}
	for _, x := range f.XDS {
		out := (&operator{t, x.Admin, t.TempDir()}).says(0, []string{"policy", "history"})
		if n := strings.Count(strings.TrimSpace(out), "\n"); n != 3 {
			t.Errorf("the history has %d changes, want 3:\n%s", n, out)
		}
	}
	last := revisionOf(t, edition(3, s.urls))
	f.XDS[0].Kill()
	eventually(t, "both pairs at the other replica", func() bool { return f.XDS[1].Metric("headgate_xds_clients") == 2 })
	for _, pair := range f.Pairs {
		met(t, &pair.Gateway, last)
		unheld(t, pair)
	}
}
