package policy

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// trusting is the first edition with another backend, whose certificate authority is
// in a file where Envoy runs.
func trusting(s *gatewaytest.Editions, ca string) string {
	return strings.Replace(gatewaytest.Edition(1, s.URLs), "models:\n", fmt.Sprintf("  secure: {provider: openai-compatible, url: %q, ca_file: %q}\nmodels:\n  s: secure/x\n", "https://127.0.0.1:1", ca), 1)
}

// nacks is how many resources were refused, of every type.
func nacks(x *gatewaytest.Replica) (n float64) {
	for _, kind := range []string{"policy", "cluster", "listener", "route"} {
		n += x.Metric(fmt.Sprintf("headgate_xds_nacks_total{type=%q}", kind))
	}
	return n
}

// TestEnvoyRefusesAPolicy holds that a policy without faults that Envoy does not take
// leaves every pair with the one before, and that the same text takes effect once its
// cause is gone, by SIGHUP, by saving the file and by pushing it.
func TestEnvoyRefusesAPolicy(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), Pairs: 2})
	first := gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs))
	awaitAll(f, first)
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	offers := []func(policy string){
		func(string) { f.XDS[0].Hangup() },
		f.Write,
		func(policy string) { o.Push(0, policy, nil, gatewaytest.RevisionOf(t, policy)) },
	}
	authority := func(round int) string { return filepath.Join(f.Dir, fmt.Sprintf("ca-%d.pem", round)) }
	for round := range offers {
		s.Revisions[gatewaytest.RevisionOf(t, trusting(s, authority(round)))] = 1
	}
	l := gatewaytest.StartLoad(t, f.Pairs[0], 5, s.Whole(t))
	for round, offer := range offers {
		policy := trusting(s, authority(round))
		refusedByAll(t, f, l, policy, first, filepath.Base(authority(round)))
		if err := os.Rename(gatewaytest.NewAuthority(t).File, authority(round)); err != nil {
			t.Fatal(err)
		}
		offer(policy)
		awaitAll(f, gatewaytest.RevisionOf(t, policy))
		gatewaytest.Eventually(t, "a status without refusals", func() bool { return !strings.Contains(f.XDS[0].Status(), "cluster: ") })
		f.Write(gatewaytest.Edition(1, s.URLs))
		awaitAll(f, first)
	}
	l.Stop()
	for _, pair := range f.Pairs {
		pair.CheckRevisionsKnown()
	}
}

func awaitAll(f *gatewaytest.Fleet, revision string) {
	for _, pair := range f.Pairs {
		pair.AwaitPolicy(revision)
	}
}

// refusedByAll writes a policy that no Envoy takes. It holds that all go back to the
// revision before, that nobody tries it over and over, and that an operator learns it
// in Envoy's words.
func refusedByAll(t *testing.T, f *gatewaytest.Fleet, l *gatewaytest.Load, policy, before, words string) {
	control := f.XDS[0]
	t.Helper()
	counts := func() [3]float64 {
		return [3]float64{control.Metric("headgate_xds_pushes_total"), control.Metric("headgate_xds_rollbacks_total"), nacks(control)}
	}
	was := counts()
	f.Write(policy)
	gatewaytest.Eventually(t, "the way back", func() bool { return counts()[1] > was[1] })
	l.More(20) // two seconds
	is := counts()
	if p, r, n := is[0]-was[0], is[1]-was[1], is[2]-was[2]; p != 1 || r != 1 || n < 1 || n > 4 {
		t.Errorf("%v pushes, %v rollbacks, %v refusals of one policy by two pairs", p, r, n)
	}
	status := control.Status()
	for _, says := range []string{before, gatewaytest.RevisionOf(t, policy), words, "cluster: ", "LAST-GOOD", "pair-1", "pair-2"} {
		if !strings.Contains(status, says) {
			t.Errorf("headgate status does not say %q:\n%s", says, status)
		}
	}
	for _, pair := range f.Pairs {
		if got := pair.Meets(); got != before {
			t.Errorf("%s: a request meets %q", pair.Node, got)
		}
	}
}

// needy is the first edition with another backend, whose credential is in a variable.
// Its name takes Envoy a while to resolve.
func needy(s *gatewaytest.Editions) string {
	url := strings.Replace(s.URLs[0], "127.0.0.1", "localhost", 1)
	return strings.Replace(gatewaytest.Edition(1, s.URLs), "models:\n", fmt.Sprintf("  keyed: {provider: openai, url: %q, credential: {env: HEADGATE_E2E_PAIR}}\nmodels:\n  k: keyed/x\n", url), 1)
}

// startNeedy starts a fleet of two pairs, the second of which lacks the credential, with flags of the
// control plane.
func startNeedy(t *testing.T, s *gatewaytest.Editions, flags ...string) (f *gatewaytest.Fleet, rich, poor *gatewaytest.Pair) {
	t.Helper()
	f = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), Env: []string{"HEADGATE_E2E_PAIR=sk-pair"}, XDSArgs: flags})
	poor = f.AddPair()
	poor.Env = []string{"HEADGATE_E2E_PAIR="}
	f.StartExtProc(poor)
	f.StartEnvoy(poor)
	for _, pair := range f.Pairs {
		pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
	}
	return f, f.Pairs[0], poor
}

// TestPairRefusesAPolicy holds that a pair for which a credential is not set refuses the
// policy, says which, and stays alone with the one before, whether it answers first or last,
// while all others take it, those that join later, too. Once its environment is whole it takes
// the policy.
func TestPairRefusesAPolicy(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f, rich, poor := startNeedy(t, s)
	control, first, next := f.XDS[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)), gatewaytest.RevisionOf(t, needy(s))
	o := gatewaytest.NewOperator(t, control.Admin)
	refused := func() bool { return strings.Contains(control.Status(), "HEADGATE_E2E_PAIR") }
	for _, slow := range []*gatewaytest.Pair{rich, poor} {
		slow.ExtProc.Freeze()
		f.Write(needy(s))
		if slow == rich {
			gatewaytest.Eventually(t, "the refusal", refused)
		} else {
			gatewaytest.Eventually(t, "the policy at the pair that can run it", func() bool { return control.HasTaken(rich, next) })
		}
		slow.ExtProc.Thaw()
		gatewaytest.Eventually(t, "the refusal", refused)
		rich.AwaitPolicy(next)
		rich.AwaitRevision(next)
		poor.AwaitRevision(first)
		if status := control.Status(); !strings.Contains(status, `"keyed"`) {
			t.Errorf("headgate status does not say what is missing where:\n%s", status)
		}
		o.Says(0, []string{"policy", "history"}, "PAIRS", "taken, but refused", "HEADGATE_E2E_PAIR")
		f.Write(gatewaytest.Edition(1, s.URLs))
		awaitAll(f, first)
		if refused() {
			t.Errorf("a refusal stays after a good change:\n%s", control.Status())
		}
	}
	if !strings.Contains(poor.ExtProc.Log(), "HEADGATE_E2E_PAIR") {
		t.Error("the pair's log does not say what is missing")
	}
	f.Write(needy(s))
	rich.AwaitPolicy(next)
	control.Kill()
	f.StartXDS(0)
	late := f.AddPair()
	f.StartExtProc(late)
	f.StartEnvoy(late)
	late.AwaitPolicy(next)
	gatewaytest.Eventually(t, "the refusal after a restart", refused)
	if n := control.Metric("headgate_xds_rollbacks_total"); n != 0 {
		t.Errorf("%v ways back from a policy that pairs run", n)
	}
	poor.AwaitRevision(first)
	poor.Env = nil
	poor.ExtProc.Kill()
	f.StartExtProc(poor)
	awaitAll(f, next)
	second := gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs))
	f.Write(gatewaytest.Edition(2, s.URLs))
	awaitAll(f, second)
	gatewaytest.NewOperator(t, control.Admin).Says(0, []string{"policy", "rollback", "--reason", "worse"}, next, second)
	awaitAll(f, next)
}

// TestAShareOfRefusalsTakesAPolicyBack holds that with --go-back a policy which that share of pairs
// refuses is taken back from all, also from those that had taken it.
func TestAShareOfRefusalsTakesAPolicyBack(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f, rich, poor := startNeedy(t, s, "--go-back", "50%")
	control, first, next := f.XDS[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)), gatewaytest.RevisionOf(t, needy(s))
	poor.ExtProc.Freeze()
	f.Write(needy(s))
	gatewaytest.Eventually(t, "the policy at the pair that can run it", func() bool { return control.HasTaken(rich, next) })
	poor.ExtProc.Thaw()
	gatewaytest.Eventually(t, "the way back", func() bool { return control.Metric("headgate_xds_rollbacks_total") == 1 })
	awaitAll(f, first)
	rich.AwaitRevision(first)
	gatewaytest.NewOperator(t, control.Admin).Says(0, []string{"status"}, "HEADGATE_E2E_PAIR", next, first)
}

// TestAPortIsTaken holds that a policy whose listen address another process has is
// refused by Envoy, and that the address before goes on being served.
func TestAPortIsTaken(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	g := gatewaytest.Start(t, gatewaytest.Edition(1, s.URLs), gatewaytest.Options{})
	taken := gatewaytest.OccupyPort(t)
	g.Write("listen: " + taken + "\n" + gatewaytest.Edition(1, s.URLs))
	g.Eventually("the way back", func() bool { return g.Metric("headgate_xds_rollbacks_total") == 1 })
	if n := g.Metric(`headgate_xds_nacks_total{type="listener"}`); n == 0 || n > 2 {
		t.Errorf("%v refusals of a listener", n)
	}
	if a := g.Chat(gatewaytest.ChatBody("m", "the address before", false), ""); a.Status != http.StatusOK {
		t.Errorf("status %d", a.Status)
	}
	if !strings.Contains(g.Log(), taken) {
		t.Error("the log does not say which address is taken")
	}
}

// TestARefusedPolicyAfterARestart holds that a control plane which comes back with a
// policy that Envoy refuses, and knows of none to go back to, does not wear its pairs
// out, and takes the policy's text again once the cause is gone.
func TestARefusedPolicyAfterARestart(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair, first := f.Pairs[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs))
	pair.AwaitPolicy(first)
	ca := filepath.Join(f.Dir, "ca.pem")
	f.Write(trusting(s, ca))
	gatewaytest.Eventually(t, "the way back", func() bool { return f.XDS[0].Metric("headgate_xds_rollbacks_total") == 1 })
	f.XDS[0].Kill()
	f.StartXDS(0)
	gatewaytest.Eventually(t, "another refusal", func() bool { return nacks(f.XDS[0]) > 0 })
	l := gatewaytest.StartLoad(t, pair, 5, s.Whole(t))
	l.More(20) // two seconds
	l.Stop()
	if n, own := nacks(f.XDS[0]), pair.Metric(`headgate_pair_refusals_total{type="cluster"}`); n != 1 || own > 3 {
		t.Errorf("the control plane met %v refusals, the pair %v", n, own)
	}
	if status := f.XDS[0].Status(); !strings.Contains(status, "ca.pem") {
		t.Errorf("headgate status does not say why:\n%s", status)
	}
	pair.AwaitRevision(first)
	if err := os.Rename(gatewaytest.NewAuthority(t).File, ca); err != nil {
		t.Fatal(err)
	}
	f.XDS[0].Hangup()
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, trusting(s, ca)))
	pair.AwaitRevision(gatewaytest.RevisionOf(t, trusting(s, ca)))
}
