package gatewaytest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Fleet is a gateway of separate processes, as in a real deployment: control plane
// replicas and pairs of an ext_proc server with an Envoy that nobody else started.
// Everything ends with the test.
type Fleet struct {
	t      testing.TB
	o      FleetOptions
	Dir    string // short, because Unix socket paths are bounded
	Policy string // the file that the replicas watch
	XDS    []*Replica
	Pairs  []*Pair
}

// FleetOptions say what a fleet is made of.
type FleetOptions struct {
	Policy       string   // without listen: each pair has an address of its own
	XDS, Pairs   int      // how many; 0: one
	XDSArgs      []string // further flags of the replicas
	PairArgs     []string // further flags of the ext_proc servers
	Env          []string // NAME=value, of the ext_proc servers
	XDSEnv       []string // NAME=value, of the replicas
	PolicyFolder string   // what the replicas watch in place of Policy
	SharedState  bool     // the replicas keep the policy's history in one folder
	XDSBinary    string   // of the replicas; empty: Binary
	PairBinary   string   // of the pairs; empty: Binary
}

// StartFleet starts a fleet and waits until every pair answers.
func StartFleet(t testing.TB, o FleetOptions) *Fleet {
	t.Helper()
	Envoy(t)
	dir := shortFolder(t)
	f := &Fleet{t: t, o: o, Dir: dir, Policy: filepath.Join(dir, "policy.yaml")}
	if o.PolicyFolder != "" {
		f.Policy = o.PolicyFolder
	} else {
		f.Write(o.Policy)
	}
	for range max(o.XDS, 1) {
		f.XDS = append(f.XDS, &Replica{Binary: o.XDSBinary, Addr: f.free(), Admin: f.free(), Ops: f.free(), t: t})
	}
	for i := range f.XDS {
		f.StartXDS(i)
	}
	for range max(o.Pairs, 1) {
		p := f.AddPair()
		f.StartExtProc(p)
		f.StartEnvoy(p)
	}
	for _, p := range f.Pairs {
		f.AwaitAnswer(p)
	}
	return f
}

func (f *Fleet) free() string { return fmt.Sprintf("127.0.0.1:%d", FreePort(f.t)) }

// Write replaces the policy file as an editor does: whole, by renaming.
func (f *Fleet) Write(policy string) {
	f.t.Helper()
	save(f.t, f.Policy, policy)
}

// Write replaces the policy file of a gateway in the same way. The policy must say where to
// listen.
func (g *Gateway) Write(policy string) {
	g.t.Helper()
	save(g.t, g.Policy, policy)
}

func save(t testing.TB, path, text string) {
	t.Helper()
	next := path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// AwaitAnswer waits until a pair answers for itself.
func (f *Fleet) AwaitAnswer(p *Pair) {
	f.t.Helper()
	Eventually(f.t, "an answer of "+p.Node, p.Answers)
}

// Eventually polls until cond holds, and fails the test if it does not within a
// bounded time.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: nothing after %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
