package drill

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/headgate/headgate/policy"
)

var listen = netip.MustParseAddrPort("127.0.0.1:31700")

// documentOf parses the policy of a drill with two plays.
func documentOf(t *testing.T, set *policy.Set, m *policy.Model, b Break) (*policy.Set, []*play) {
	t.Helper()
	var plays []*play
	for n := range 2 {
		p := &play{chain: newChain(set, m, chatJSON, n)}
		for _, b := range p.backends {
			b.url = "http://127.0.0.1:1/v1"
		}
		plays = append(plays, p)
	}
	text, err := document(set, m, listen, plays, b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := policy.Parse("drill.json", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out, plays
}

// TestDocumentKeepsTheModel holds, for every policy that the tests of policies know, that a
// drill has each model as it is written, with backends of its own that need no secret.
func TestDocumentKeepsTheModel(t *testing.T) {
	files, _ := filepath.Glob("../../policy/testdata/good/*.yaml")
	examples, _ := filepath.Glob("../../examples/*/policy.yaml")
	if files = append(files, examples...); len(files) < 4 {
		t.Fatalf("only %d policies", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set, err := policy.Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range set.Models {
			t.Run(filepath.Base(file)+"/"+m.Name, func(t *testing.T) { keepsTheModel(t, set, m) })
		}
	}
}

func keepsTheModel(t *testing.T, set *policy.Set, m *policy.Model) {
	out, plays := documentOf(t, set, m, "")
	if out.Listen.Address != listen || len(out.Models) != len(plays) {
		t.Errorf("listens at %s with %d models", out.Listen.Address, len(out.Models))
	}
	for _, p := range plays {
		copied := *out.Models[p.name]
		for i, use := range copied.Uses() {
			old := m.Uses()[i]
			if use.Model != old.Model || use.Weight != old.Weight || use.Backend.Dialect != old.Backend.Dialect || use.Backend.Region != old.Backend.Region {
				t.Errorf("use %s became %s", old, use)
			}
		}
		if copied.Quota.Bounds() {
			t.Errorf("%s has a quota: %+v", p.name, copied.Quota)
		}
		if out.CacheOf(p.name) != nil {
			t.Errorf("%s has a cache: %+v", p.name, copied.Cache)
		}
		copied.Chain, copied.RegionsOnly, copied.Quota, copied.Guards, copied.Cache = m.Chain, m.RegionsOnly, m.Quota, m.Guards, m.Cache // regions have acted on the chain
		if copied.Written() != m.Written() {
			t.Errorf("%s\nbecame\n%s", m.Written(), copied.Written())
		}
	}
	for _, b := range out.Backends {
		if b.Provider.Name != policy.SimulatedProvider || len(b.Credentials)+len(b.Headers) > 0 || b.CAFile != "" {
			t.Errorf("backend %+v", b)
		}
	}
}

// TestDocumentLeavesOutTheRest holds, for a policy with every key, that a drill keeps what it
// plays to and nothing else: its clients have no key, and its gateway needs no certificate, no
// database and no Redis.
func TestDocumentLeavesOutTheRest(t *testing.T) {
	set := everything(t)
	if !set.HasCallers() || !set.Listen.TLS.On() || len(set.Models) < 2 {
		t.Fatal("the policy lacks what a drill has to leave out")
	}
	want := []string{"backends", "limits", "listen", "models", "models_like", "unpriced", "version"}
	for name, m := range set.Models {
		out, _ := documentOf(t, set, m, "")
		var got section
		if err := json.Unmarshal(out.Canonical(), &got); err != nil {
			t.Fatal(err)
		}
		if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, want) {
			t.Errorf("%s: the drill has %q, want %q", name, keys, want)
		}
	}
}

// everything is the policy of the tests that has every key.
func everything(t *testing.T) *policy.Set {
	t.Helper()
	data, err := os.ReadFile("../../policy/testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Parse("everything.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestDocumentKeepsToRegions holds that a drill plays to the chain that is left of a model
// that keeps to regions, even if no backend of some of these is in it.
func TestDocumentKeepsToRegions(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
unpriced: flag
backends: {us: {provider: simulated, region: us}, eu: {provider: simulated, region: eu}, uk: {provider: simulated, region: uk}}
models: {m: {regions_only: [eu, uk], chain: [us/x, eu/x, us/y]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	out, _ := documentOf(t, set, set.Models["m"], "")
	for _, copied := range out.Models {
		if u, single := copied.Single(); !single || u.Backend.Region != "eu" {
			t.Errorf("%s", copied.Written())
		}
	}
}

// TestBreakTakesChainAndRetriesAway holds it for a model with every key.
func TestBreakTakesChainAndRetriesAway(t *testing.T) {
	set := everything(t)
	m, err := modelOf(set, "")
	if err != nil {
		t.Fatal(err)
	}
	out, _ := documentOf(t, set, m, BreakNoRetry)
	for _, copied := range out.Models {
		if _, single := copied.Single(); !single || copied.Retries != 0 || copied.Timeout != m.Timeout || copied.IdleTimeout != m.IdleTimeout {
			t.Errorf("%s", copied.Written())
		}
	}
}

// TestPropertiesFollowTheBackends holds that what a document says of a model at a backend
// is said of the backends that stand in for it.
func TestPropertiesFollowTheBackends(t *testing.T) {
	set, err := policy.Parse("p.yaml", []byte(`
version: 1
backends:
  a: {provider: openai, credential: {env: A}}
  b: {provider: openai, credential: {env: B}}
models: {m: a/mine, other: b/mine}
models_like: {a/mine: gpt-5.5, b/mine: gpt-4o}
unpriced: flag
`))
	if err != nil {
		t.Fatal(err)
	}
	out, plays := documentOf(t, set, set.Models["m"], "")
	want := set.Takes(set.Models["m"].Uses()[0])
	for _, p := range plays {
		if got := out.Takes(out.Models[p.name].Uses()[0]); got != want {
			t.Errorf("%s takes %+v, want %+v", p.name, got, want)
		}
	}
}
