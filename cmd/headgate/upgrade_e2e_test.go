package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// The tests of this file run the binary of the release before beside this version's, in
// either role. Whatever comes, clients notice nothing.

// versions are the combinations of two versions, by what each role runs; an empty path
// is this version.
func versions(t *testing.T) map[string][2]string {
	before := gatewaytest.Release(t)
	return map[string][2]string{"from the release before to this version": {before, ""}, "from this version to the release before": {"", before}}
}

// TestPairOfAnotherRelease holds that a pair takes policies from a control plane of
// another release, older or newer, under load.
func TestPairOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for name, v := range versions(t) {
		t.Run(strings.Replace(name, "from", "control plane", 1), func(t *testing.T) {
			s := newEditions(t, 4)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), XDSBinary: v[0], PairBinary: v[1]})
			pair := f.Pairs[0]
			pair.AwaitPolicy(revisionOf(t, edition(1, s.urls)))
			l := startLoad(t, pair, 10, s.whole(t))
			for k := 2; k < 4; k++ {
				f.Write(edition(k, s.urls))
				pair.AwaitPolicy(revisionOf(t, edition(k, s.urls)))
				met(t, &pair.Gateway, revisionOf(t, edition(k, s.urls)))
				l.more(5)
			}
			l.stop()
			unheld(t, pair)
		})
	}
}

// TestControlPlaneOfAnotherRelease holds that an upgrade of the control plane, and its
// downgrade, is nothing that a pair or a client sees, and that its history goes on.
func TestControlPlaneOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for name, v := range versions(t) {
		t.Run(name, func(t *testing.T) {
			s := newEditions(t, 3)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), XDSBinary: v[0], PairBinary: v[0]})
			pair, x, first, second := f.Pairs[0], f.XDS[0], revisionOf(t, edition(1, s.urls)), revisionOf(t, edition(2, s.urls))
			pair.AwaitPolicy(first)
			f.Write(edition(2, s.urls))
			pair.AwaitPolicy(second)
			l := startLoad(t, pair, 10, s.whole(t))
			x.Kill()
			x.Binary = v[1]
			f.StartXDS(0)
			linked(pair)
			eventually(t, "the pair in the control plane's status", func() bool { return taken(x, pair, second) })
			o := &operator{t, x.Admin, t.TempDir()}
			if out := o.says(0, []string{"policy", "history"}); strings.Count(strings.TrimSpace(out), "\n") != 2 || !strings.Contains(out, first) {
				t.Errorf("the history is\n%s", out)
			}
			o.says(0, []string{"policy", "rollback", "--author", "ann", "--reason", "test"})
			pair.AwaitPolicy(first)
			met(t, &pair.Gateway, first)
			l.more(10)
			l.stop()
			unheld(t, pair)
		})
	}
}

// TestSavedStateOfAnotherRelease holds that a pair starts from what another release has
// saved, without a control plane, for an Envoy that routes as that release told it, and
// follows a control plane of either release then.
func TestSavedStateOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for name, v := range versions(t) {
		t.Run(name, func(t *testing.T) {
			s := newEditions(t, 4)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(2, s.urls), XDSBinary: v[0], PairBinary: v[0]})
			pair := f.Pairs[0]
			pair.AwaitPolicy(revisionOf(t, edition(2, s.urls)))
			f.XDS[0].Kill()
			pair.ExtProc.Kill()
			pair.Binary = v[1]
			f.StartExtProc(pair)
			met(t, &pair.Gateway, revisionOf(t, edition(2, s.urls)))
			l := startLoad(t, pair, 10, s.whole(t))
			l.more(10)
			f.Write(edition(3, s.urls))
			f.StartXDS(0)
			pair.AwaitPolicy(revisionOf(t, edition(3, s.urls)))
			met(t, &pair.Gateway, revisionOf(t, edition(3, s.urls)))
			l.stop()
			unheld(t, pair)
		})
	}
}

// TestReplicasOfTwoReleases holds that replicas of two releases that share a history and
// a file agree: each change is recorded once, whoever makes it.
func TestReplicasOfTwoReleases(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 5)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), XDS: 2, SharedState: true, XDSBinary: gatewaytest.Release(t)})
	pair := f.Pairs[0]
	f.XDS[1].Kill()
	f.XDS[1].Binary = ""
	f.StartXDS(1)
	l := startLoad(t, pair, 10, s.whole(t))
	for k := 2; k < 5; k++ {
		revision := revisionOf(t, edition(k, s.urls))
		if k%2 == 0 {
			f.Write(edition(k, s.urls))
		} else {
			(&operator{t, f.XDS[1].Admin, t.TempDir()}).push(0, edition(k, s.urls), nil, revision)
		}
		pair.AwaitPolicy(revision)
		for i, x := range f.XDS {
			eventually(t, fmt.Sprintf("the change at replica %d", i), func() bool { return strings.HasPrefix(x.Status(), "policy  "+revision) })
		}
	}
	l.more(10)
	l.stop()
	for i, x := range f.XDS {
		out := (&operator{t, x.Admin, t.TempDir()}).says(0, []string{"policy", "history"})
		if n := strings.Count(strings.TrimSpace(out), "\n"); n != 4 {
			t.Errorf("replica %d has %d changes, want 4:\n%s", i, n, out)
		}
	}
	unheld(t, pair)
}
