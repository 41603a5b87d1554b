package fleet

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
			s := gatewaytest.NewEditions(t, 4)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDSBinary: v[0], PairBinary: v[1]})
			pair := f.Pairs[0]
			pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
			l := gatewaytest.StartLoad(t, pair, 10, s.Whole(t))
			for k := 2; k < 4; k++ {
				f.Write(gatewaytest.Edition(k, s.URLs))
				pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(k, s.URLs)))
				pair.AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(k, s.URLs)))
				l.More(5)
			}
			l.Stop()
			pair.CheckRevisionsKnown()
		})
	}
}

// TestControlPlaneOfAnotherRelease holds that an upgrade of the control plane, and its
// downgrade, is nothing that a pair or a client sees, and that its history goes on.
func TestControlPlaneOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for name, v := range versions(t) {
		t.Run(name, func(t *testing.T) {
			s := gatewaytest.NewEditions(t, 3)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDSBinary: v[0], PairBinary: v[0]})
			pair, x, first, second := f.Pairs[0], f.XDS[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)), gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs))
			pair.AwaitPolicy(first)
			f.Write(gatewaytest.Edition(2, s.URLs))
			pair.AwaitPolicy(second)
			l := gatewaytest.StartLoad(t, pair, 10, s.Whole(t))
			x.Kill()
			x.Binary = v[1]
			f.StartXDS(0)
			pair.AwaitLink()
			gatewaytest.Eventually(t, "the pair in the control plane's status", func() bool { return x.HasTaken(pair, second) })
			o := gatewaytest.NewOperator(t, x.Admin)
			if out := o.Says(0, []string{"policy", "history"}); strings.Count(strings.TrimSpace(out), "\n") != 2 || !strings.Contains(out, first) {
				t.Errorf("the history is\n%s", out)
			}
			o.Says(0, []string{"policy", "rollback", "--author", "ann", "--reason", "test"})
			pair.AwaitPolicy(first)
			pair.AwaitRevision(first)
			l.More(10)
			l.Stop()
			pair.CheckRevisionsKnown()
		})
	}
}

// TestSavedStateOfAnotherRelease holds that a pair starts from what another release has
// saved, without a control plane, for an Envoy that routes as that release had it, and
// follows a control plane of either release then.
func TestSavedStateOfAnotherRelease(t *testing.T) {
	t.Parallel()
	for name, v := range versions(t) {
		t.Run(name, func(t *testing.T) {
			s := gatewaytest.NewEditions(t, 4)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(2, s.URLs), XDSBinary: v[0], PairBinary: v[0]})
			pair := f.Pairs[0]
			pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs)))
			f.XDS[0].Kill()
			pair.ExtProc.Kill()
			pair.Binary = v[1]
			f.StartExtProc(pair)
			pair.AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs)))
			l := gatewaytest.StartLoad(t, pair, 10, s.Whole(t))
			l.More(10)
			f.Write(gatewaytest.Edition(3, s.URLs))
			f.StartXDS(0)
			pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(3, s.URLs)))
			pair.AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(3, s.URLs)))
			l.Stop()
			pair.CheckRevisionsKnown()
		})
	}
}

// TestReplicasOfTwoReleases holds that replicas of two releases that share a history and
// a file agree: each change is recorded once, whoever makes it.
func TestReplicasOfTwoReleases(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 5)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDS: 2, SharedState: true, XDSBinary: gatewaytest.Release(t)})
	pair := f.Pairs[0]
	f.XDS[1].Kill()
	f.XDS[1].Binary = ""
	f.StartXDS(1)
	l := gatewaytest.StartLoad(t, pair, 10, s.Whole(t))
	for k := 2; k < 5; k++ {
		revision := gatewaytest.RevisionOf(t, gatewaytest.Edition(k, s.URLs))
		if k%2 == 0 {
			f.Write(gatewaytest.Edition(k, s.URLs))
		} else {
			gatewaytest.NewOperator(t, f.XDS[1].Admin).Push(0, gatewaytest.Edition(k, s.URLs), nil, revision)
		}
		pair.AwaitPolicy(revision)
		for i, x := range f.XDS {
			gatewaytest.Eventually(t, fmt.Sprintf("the change at replica %d", i), func() bool { return strings.HasPrefix(x.Status(), "policy  "+revision) })
		}
	}
	l.More(10)
	l.Stop()
	for i, x := range f.XDS {
		out := gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"policy", "history"})
		if n := strings.Count(strings.TrimSpace(out), "\n"); n != 4 {
			t.Errorf("replica %d has %d changes, want 4:\n%s", i, n, out)
		}
	}
	pair.CheckRevisionsKnown()
}

// TestOverlayForAPairOfTheReleaseBefore holds that a pair which knows no overlays serves
// what its control plane has laid over the policy.
func TestOverlayForAPairOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	s := startSplitting(t, gatewaytest.FleetOptions{PairBinary: gatewaytest.Release(t)})
	before := s.users()
	stop := s.curl()
	s.lay(s.XDS[0], "c/m=200")
	moved(t, "weights", before, s.users(), "c")
	s.lay(s.XDS[0], "a/m=0")
	s.onlyC("a use taken out")
	s.lay(s.XDS[0], "--clear")
	same(t, "taken back", before, s.users())
	stop()
}

// TestOverlayUnderAControlPlaneOfTheReleaseBefore holds that a control plane which knows no
// overlays serves from a shared history what was laid over the policy, and that this
// version finds it there again.
func TestOverlayUnderAControlPlaneOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	before := gatewaytest.Release(t)
	s := startSplitting(t, gatewaytest.FleetOptions{})
	x, pair := s.XDS[0], s.Pairs[0]
	laid := s.lay(x, "a/m=0")
	stop := s.curl()
	for _, binary := range []string{before, ""} {
		x.Kill()
		x.Binary = binary
		s.StartXDS(0)
		pair.AwaitLink()
		gatewaytest.Eventually(t, "the pair in the control plane's status", func() bool { return strings.Contains(x.Status(), pair.Node) })
		o := gatewaytest.NewOperator(t, x.Admin)
		o.Says(0, []string{"policy", "history"}, "  overlay ")
		o.Says(0, []string{"policy", "show"}, "models")
		s.onlyC("after the control plane was replaced")
	}
	if status := x.Status(); !strings.HasPrefix(status, "policy  "+laid) || !strings.Contains(status, "a/m=0, by ann") {
		t.Errorf("the status is\n%s", status)
	}
	s.lay(x, "--clear")
	if s.onlyAtC() {
		t.Error("what was laid stays")
	}
	stop()
}

// TestBackendsForAPairOfTheReleaseBefore holds that a pair which completes no base URLs
// asks where this version does, and that one which knows no headers of backends says so
// and serves on as it did.
func TestBackendsForAPairOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	write := func(more string) string {
		return fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {b: {provider: openai-compatible, url: %q%s}}\nmodels: {m: b/m}\n", strings.TrimSuffix(p.URL, "/v1"), more)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: write(""), PairBinary: gatewaytest.Release(t)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, write("")))
	ask := func(mark string) {
		t.Helper()
		gatewaytest.MustOK(t, pair.Chat(gatewaytest.ChatBody("m", mark, false), ""))
		if s := p.Find(mark); s.Path != "/v1/chat/completions" {
			t.Errorf("%s: asked at %s", mark, s.Path)
		}
	}
	ask("a bare host")
	f.Write(write(", headers: {x-a: b}"))
	gatewaytest.Eventually(t, "the pair's refusal", func() bool { return strings.Contains(pair.Log(), `unknown key \"headers\"`) })
	ask("serving on")
}

// TestTLSForAPairOfTheReleaseBefore holds that a pair that knows no TLS for clients refuses a policy
// with it, and serves on: it never listens plain where a policy says TLS.
func TestTLSForAPairOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	p, s := gatewaytest.Simulate(t, gatewaytest.Keyless), gatewaytest.NewSecure(t)
	plain := fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {b: {provider: simulated, url: %q}}\nmodels: {m: b/m}\n", p.URL)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: plain, PairBinary: gatewaytest.Release(t)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, plain))
	f.Write(plain + "listen: {tls: " + s.Policy("") + "}\n")
	pair.Eventually("the pair's refusal", func() bool {
		return strings.Contains(pair.Log(), "policy refused") && strings.Contains(pair.Log(), "listen")
	})
	gatewaytest.MustOK(t, pair.Chat(gatewaytest.ChatBody("m", "serving on", false), ""))
}
