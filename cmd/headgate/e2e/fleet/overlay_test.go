package fleet

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// splitting is a fleet whose policy splits the users of model m between two backends.
type splitting struct {
	*gatewaytest.Fleet
	t        *testing.T
	policy   string
	document string // revision of the policy
}

// startSplitting starts a fleet in which backend a has four of five users.
func startSplitting(t *testing.T, o gatewaytest.FleetOptions) *splitting {
	t.Helper()
	o.Policy = fmt.Sprintf(`version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: %q}
  c: {provider: openai-compatible, url: %q}
models: {m: {chain: [[{use: a/m, weight: 80}, {use: c/m, weight: 20}]]}}
`, gatewaytest.Simulate(t, sim.Options{Keyless: true}).URL, gatewaytest.Simulate(t, sim.Options{Keyless: true}).URL)
	s := &splitting{gatewaytest.StartFleet(t, o), t, o.Policy, gatewaytest.RevisionOf(t, o.Policy)}
	s.await(s.document)
	return s
}

// await waits until every pair serves a revision.
func (s *splitting) await(revision string) {
	s.t.Helper()
	for _, pair := range s.Pairs {
		pair.AwaitPolicy(revision)
		pair.AwaitRevision(revision)
	}
}

var published = regexp.MustCompile(`revision ([0-9a-f]{12}) is published`)

// lay runs headgate policy weight at a replica, waits until it is served, and returns the
// revision.
func (s *splitting) lay(x *gatewaytest.Replica, args ...string) string {
	s.t.Helper()
	return s.change(x, append([]string{"weight", "m"}, args...)...)
}

// change runs a command of headgate policy at a replica, waits until what it publishes is
// served, and returns the revision.
func (s *splitting) change(x *gatewaytest.Replica, args ...string) string {
	s.t.Helper()
	args = append([]string{"policy"}, args...)
	out := gatewaytest.NewOperator(s.t, x.Admin).Says(0, append(args, "--author", "ann", "--reason", "test"), "is published")
	found := published.FindStringSubmatch(out)
	if found == nil {
		s.t.Fatalf("no revision in %s", out)
	}
	s.await(found[1])
	return found[1]
}

// users returns the backend that answers each user.
func (s *splitting) users() map[string]string {
	s.t.Helper()
	all := make(map[string]string)
	for i := range 40 {
		user := fmt.Sprint("user-", i)
		a := s.Pairs[0].Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "Whose?", false), "", "x-headgate-user", user))
		gatewaytest.MustOK(s.t, a)
		all[user] = a.Header.Get("x-headgate-backend")
	}
	return all
}

// onlyC fails the test if backend a answers anybody.
func (s *splitting) onlyC(what string) {
	s.t.Helper()
	if !s.onlyAtC() {
		s.t.Errorf("%s: backend a answers", what)
	}
}

func (s *splitting) onlyAtC() bool {
	s.t.Helper()
	for _, backend := range s.users() {
		if backend != "c" {
			return false
		}
	}
	return true
}

// moved compares users before and after: nobody may leave backend to, and some must come.
func moved(t *testing.T, what string, before, after map[string]string, to string) {
	t.Helper()
	came := 0
	for user, now := range after {
		switch {
		case now == to && before[user] != to:
			came++
		case now != before[user]:
			t.Errorf("%s: %s moved from %s to %s", what, user, before[user], now)
		}
	}
	if came == 0 {
		t.Errorf("%s: nobody moved to %s", what, to)
	}
}

func same(t *testing.T, what string, before, after map[string]string) {
	t.Helper()
	for user, now := range after {
		if now != before[user] {
			t.Errorf("%s: %s is answered by %s, was by %s", what, user, now, before[user])
		}
	}
}

// curl asks without a pause until the returned function is called, and fails the test if
// anything is not answered.
func (s *splitting) curl() (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	for worker := range 2 {
		running.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				a, err := s.Pairs[0].Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "Still there?", false), "",
					"x-headgate-user", fmt.Sprintf("curl-%d-%d", worker, i%20)))
				cancel()
				if err != nil || a.Status != 200 {
					s.t.Errorf("a request failed: %v, status %d: %.300s", err, a.Status, a.Body)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return func() {
		close(done)
		running.Wait()
		for _, pair := range s.Pairs {
			pair.CheckRevisionsKnown()
		}
	}
}

// TestWeightsLieOverAPolicy holds that weights which an operator lays over a policy move
// users to the use that grows and nobody else, are no change for Envoy, outlive the
// control plane that is killed, and are taken back at their time. No request fails.
func TestWeightsLieOverAPolicy(t *testing.T) {
	t.Parallel()
	s := startSplitting(t, gatewaytest.FleetOptions{})
	pair, x := s.Pairs[0], s.XDS[0]
	before, updates := s.users(), pair.Updates()
	stop := s.curl()
	const lasting = 12 * time.Second
	began := time.Now()
	laid := s.lay(x, "c/m=200", "--for", lasting.String())
	during := s.users()
	moved(t, "laid", before, during, "c")
	if now := pair.Updates(); now != updates {
		t.Errorf("Envoy was sent something:\n%s\nbefore:\n%s", now, updates)
	}
	if _, text := pair.Readyz(); !strings.Contains(text, "overlay models.m.chain[0]: c/m=200, by ann since ") {
		t.Errorf("the pair says %s", text)
	}
	x.Kill()
	s.StartXDS(0)
	pair.AwaitLink()
	if status := x.Status(); !strings.HasPrefix(status, "policy  "+laid) || !strings.Contains(status, "\noverlay\n  models.m.chain[0]: c/m=200, by ann since ") {
		t.Errorf("after a kill the status is\n%s", status)
	}
	same(t, "after a kill", during, s.users())
	if left := lasting - time.Since(began); left > 0 {
		time.Sleep(left)
	}
	s.await(s.document)
	same(t, "expired", before, s.users())
	stop()
	gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"policy", "history"}, "  expiry   headgate  expired: models.m.chain[0]: c/m=200 of ann (test)")
}

// TestAUseIsTakenOutOfItsLink holds that weight 0 leaves a use without requests, without
// a failed one, and that its users come back to it.
func TestAUseIsTakenOutOfItsLink(t *testing.T) {
	t.Parallel()
	s := startSplitting(t, gatewaytest.FleetOptions{})
	before := s.users()
	stop := s.curl()
	s.lay(s.XDS[0], "a/m=0")
	during := s.users()
	moved(t, "taken out", before, during, "c")
	s.onlyC("taken out")
	s.lay(s.XDS[0], "--clear")
	same(t, "put back", before, s.users())
	stop()
}

// TestWeightsExpireAtPairsThatWentBack holds that weights are taken back at their time from
// pairs that serve an earlier policy, because Envoy refused the latest.
func TestWeightsExpireAtPairsThatWentBack(t *testing.T) {
	t.Parallel()
	s := startSplitting(t, gatewaytest.FleetOptions{XDSArgs: []string{"--allow", "file:/nowhere/"}})
	x := s.XDS[0]
	before := s.users()
	laid := s.lay(x, "c/m=200", "--for", "10s")
	refused := strings.Replace(s.policy, "models: {", "  ca: {provider: openai-compatible, url: \"https://127.0.0.1:1\", ca_file: /nowhere/ca.pem}\nmodels: {n: ca/x, ", 1)
	gatewaytest.NewOperator(t, x.Admin).Push(1, refused, []string{"--without-overlay"}, "/nowhere/ca.pem")
	s.await(laid)
	moved(t, "gone back", before, s.users(), "c")
	s.await(s.document)
	same(t, "expired", before, s.users())
	if status := x.Status(); !strings.Contains(status, "/nowhere/ca.pem") {
		t.Errorf("the refusal is forgotten:\n%s", status)
	}
}

// TestAReplicaTakesBackWhatAnotherLaid holds that replicas with one history serve what is
// laid at one of them, and that it expires once, though the one that laid it is gone.
func TestAReplicaTakesBackWhatAnotherLaid(t *testing.T) {
	t.Parallel()
	s := startSplitting(t, gatewaytest.FleetOptions{XDS: 2, Pairs: 2, SharedState: true})
	laid := s.lay(s.XDS[0], "c/m=200", "--for", "8s")
	gatewaytest.Eventually(t, "the overlay at the other replica", func() bool { return strings.HasPrefix(s.XDS[1].Status(), "policy  "+laid) })
	s.XDS[0].Kill()
	s.await(s.document)
	s.StartXDS(0)
	for i, x := range s.XDS {
		out := gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"policy", "history"}, "  expiry ")
		if n := strings.Count(strings.TrimSpace(out), "\n"); n != 3 {
			t.Errorf("replica %d has %d changes, want 3:\n%s", i, n, out)
		}
	}
}
