package main_test

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
func trusting(s *editions, ca string) string {
	return strings.Replace(edition(1, s.urls), "models:\n", fmt.Sprintf("  secure: {provider: openai-compatible, url: %q, ca_file: %q}\nmodels:\n  s: secure/x\n", "https://127.0.0.1:1", ca), 1)
}

// nacks is how many resources were refused, of every type.
func nacks(x *gatewaytest.Replica) (n float64) {
	for _, kind := range []string{"policy", "cluster", "listener", "route"} {
		n += x.Metric(fmt.Sprintf("headgate_xds_nacks_total{type=%q}", kind))
	}
	return n
}

// TestEnvoyRefusesAPolicy holds that a policy without faults that Envoy does not take
// leaves every pair with the one before, that nobody tries it over and over, that an
// operator learns it in Envoy's words, and that the same text takes effect once its
// cause is gone, by SIGHUP and by saving the file.
func TestEnvoyRefusesAPolicy(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), Pairs: 2})
	control, first := f.XDS[0], revisionOf(t, edition(1, s.urls))
	for _, pair := range f.Pairs {
		pair.AwaitPolicy(first)
	}
	l := startLoad(t, f.Pairs[0], 5, s.whole(t))
	for round, offer := range []func(policy string){
		func(string) { control.Hangup() },
		func(policy string) { f.Write(policy) },
	} {
		ca := filepath.Join(f.Dir, fmt.Sprintf("ca-%d.pem", round))
		policy := trusting(s, ca)
		revision := revisionOf(t, policy)
		pushes, rollbacks, refusals := control.Metric("headgate_xds_pushes_total"), control.Metric("headgate_xds_rollbacks_total"), nacks(control)
		f.Write(policy)
		eventually(t, "the way back", func() bool { return control.Metric("headgate_xds_rollbacks_total") == rollbacks+1 })
		l.more(20) // two seconds
		if p, r, n := control.Metric("headgate_xds_pushes_total")-pushes, control.Metric("headgate_xds_rollbacks_total")-rollbacks, nacks(control)-refusals; p != 1 || r != 1 || n > 4 {
			t.Errorf("%v pushes, %v rollbacks, %v refusals of one policy by two pairs", p, r, n)
		}
		status := control.Status()
		for _, says := range []string{first, revision, "ca-" + fmt.Sprint(round) + ".pem", "cluster: ", "LAST-GOOD", "pair-1", "pair-2"} {
			if !strings.Contains(status, says) {
				t.Errorf("headgate status does not say %q:\n%s", says, status)
			}
		}
		for _, pair := range f.Pairs {
			if got := meets(t, &pair.Gateway); got != first {
				t.Errorf("%s: a request meets %q", pair.Node, got)
			}
		}
		if err := os.Rename(newAuthority(t).file, ca); err != nil {
			t.Fatal(err)
		}
		offer(policy)
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(revision)
			met(t, &pair.Gateway, revision)
		}
		s.revisions[revision] = 1
		eventually(t, "a status without refusals", func() bool { return !strings.Contains(control.Status(), "cluster: ") })
		f.Write(edition(1, s.urls))
		for _, pair := range f.Pairs {
			pair.AwaitPolicy(first)
		}
	}
	l.stop()
	for _, pair := range f.Pairs {
		unheld(t, pair)
	}
}

// TestPairRefusesAPolicy holds that a pair for which a credential is not set refuses
// the policy and says which, and that the whole group stays with the one before.
func TestPairRefusesAPolicy(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(1, s.urls), Env: []string{"HEADGATE_E2E_PAIR=sk-pair"}})
	poor := f.AddPair()
	poor.Env = []string{"HEADGATE_E2E_PAIR="}
	f.StartExtProc(poor)
	f.StartEnvoy(poor)
	f.AwaitAnswer(poor)
	control, first := f.XDS[0], revisionOf(t, edition(1, s.urls))
	f.Write(strings.Replace(edition(1, s.urls), "models:\n", fmt.Sprintf("  keyed: {provider: openai, url: %q, credential: {env: HEADGATE_E2E_PAIR}}\nmodels:\n  k: keyed/x\n", s.urls[0]), 1))
	eventually(t, "the way back", func() bool { return control.Metric("headgate_xds_rollbacks_total") == 1 })
	if n := control.Metric(`headgate_xds_nacks_total{type="policy"}`); n != 1 {
		t.Errorf("%v refusals of a policy", n)
	}
	if status := control.Status(); !strings.Contains(status, "HEADGATE_E2E_PAIR") || !strings.Contains(status, `"keyed"`) || !strings.Contains(status, "by pair-2: policy: ") {
		t.Errorf("headgate status does not say what is missing where:\n%s", status)
	}
	if !strings.Contains(poor.ExtProc.Log(), "HEADGATE_E2E_PAIR") {
		t.Error("the pair's log does not say what is missing")
	}
	for _, pair := range f.Pairs {
		pair.AwaitPolicy(first)
		met(t, &pair.Gateway, first)
	}
}

// TestAPortIsTaken holds that a policy whose listen address another process has is
// refused by Envoy, and that the address before goes on being served.
func TestAPortIsTaken(t *testing.T) {
	t.Parallel()
	s := newEditions(t, 2)
	g := gatewaytest.Start(t, edition(1, s.urls), gatewaytest.Options{})
	taken := occupy(t)
	g.Write("listen: " + taken + "\n" + edition(1, s.urls))
	g.Eventually("the way back", func() bool { return g.Metric("headgate_xds_rollbacks_total") == 1 })
	if n := g.Metric(`headgate_xds_nacks_total{type="listener"}`); n == 0 || n > 2 {
		t.Errorf("%v refusals of a listener", n)
	}
	if a := g.Chat(chatBody("m", "the address before", false), ""); a.Status != http.StatusOK {
		t.Errorf("status %d", a.Status)
	}
	if !strings.Contains(g.Log(), taken) {
		t.Error("the log does not say which address is taken")
	}
}
