package drill

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// quick are faults that no clock of the policy must end.
var quick = []string{"429-once", "429-always", "500-once", "503-always", "reset", "cut", "malformed", "no-done", "filter", "books", "all-down", "lost-piece"}

// passing are those of them that any chain with retries is to survive.
var passing = []string{"429-once", "429-always", "500-once", "503-always", "reset", "malformed", "no-done", "filter", "books", "all-down"}

// report is what `headgate drill -o json` says.
type report struct {
	Model  string
	Suite  map[string]int
	Beside map[string]int
	Faults []struct {
		Name, Verdict string
		Beside        bool
		Plays         []struct {
			Way, Verdict, Saw string
			Asked             int
			Attempts          []struct {
				Use    string
				Status int
			}
		}
	}
}

// drill plays the quick faults to the chain of the example.
func drill(t *testing.T, flags ...string) (r report, stderr string, code int) {
	t.Helper()
	gatewaytest.Envoy(t)
	root := gatewaytest.Root()
	args := []string{"drill", "-f", filepath.Join(root, "examples", "fallback", "policy.yaml"), "--tools", filepath.Join(root, ".tools"),
		"--envoy-concurrency", "1", "--fault", strings.Join(quick, ","), "-o", "json"}
	stdout, stderr, code := gatewaytest.Run(t, append(args, flags...)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	return r, stderr, code
}

func (r *report) verdicts() map[string]string {
	all := map[string]string{}
	for _, f := range r.Faults {
		all[f.Name] = f.Verdict
	}
	return all
}

func TestFaultsAreJudged(t *testing.T) {
	t.Parallel()
	r, stderr, code := drill(t, "--min-pass", strconv.Itoa(len(passing)-1)) // one is beside the suite
	if code != 0 || stderr != "" || r.Model != "assistant" {
		t.Errorf("exit code %d, model %q, stderr %q", code, r.Model, stderr)
	}
	got := r.verdicts()
	for _, name := range passing {
		if got[name] != "pass" {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	for _, f := range r.Faults {
		for _, p := range f.Plays {
			if p.Verdict == "fail" || p.Saw == "" || p.Asked != 1 || len(p.Attempts) == 0 {
				t.Errorf("%s: %+v", f.Name, p)
			}
			if p.Way == "openai sse" && (f.Name == "cut" || f.Name == "lost-piece") && p.Verdict != "safe" {
				t.Errorf("a stream that is not whole: %+v", p)
			}
		}
	}
	if n := len(r.Faults); n != len(quick) || r.Suite["pass"]+r.Suite["safe"]+r.Suite["partial"] != n-2 || r.Beside["pass"] != 1 || r.Beside["safe"] != 1 {
		t.Errorf("%d faults, the suite %v, beside it %v", n, r.Suite, r.Beside)
	}
}

// TestADrillWithoutRetriesIsNoticed holds that the checker judges what clients get: with
// chain and retries taken away at least five faults lose their pass.
func TestADrillWithoutRetriesIsNoticed(t *testing.T) {
	t.Parallel()
	r, stderr, code := drill(t, "--break", "no-retry", "--min-pass", "5")
	lost, got := 0, r.verdicts()
	for _, name := range passing {
		if got[name] != "pass" {
			lost++
		}
	}
	if lost < 5 || code != 1 || !strings.Contains(stderr, "fewer than 5") {
		t.Errorf("%d lost their pass, exit code %d, stderr %q", lost, code, stderr)
	}
}

// TestADrillNeedsNoKey holds that who may ask, and how much, and what the gateway needs of its
// surroundings, does not concern a drill.
func TestADrillNeedsNoKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	gatewaytest.Overwrite(t, path, `version: 1
listen: {address: "0.0.0.0:443", tls: {cert: /nowhere/tls.crt, key: /nowhere/tls.key, client_ca: /nowhere/clients.crt}}
unpriced: flag
store: {postgres: {env: HEADGATE_NOT_SET}}
redis: {url: {env: HEADGATE_NOT_SET}, when_lost: closed}
tiers: {free: {rpm: 1}}
managed_keys: true
callers:
  ann: {key: {env: HEADGATE_NOT_SET}, tier: free, models: [other]}
  mesh: {certificate: "spiffe://example.com/mesh"}
backends:
  one: {provider: openai, credential: {env: HEADGATE_NOT_SET}}
  two: {provider: anthropic, credential: caller}
models:
  assistant: {chain: [one/m, two/m], quota: {rpm: 1}}
  other: one/m
`)
	r, stderr, code := drill(t, "-f", path, "--dialect", "openai", "--form", "json")
	if code != 0 || stderr != "" || r.Model != "assistant" {
		t.Errorf("exit code %d, model %q, stderr %q", code, r.Model, stderr)
	}
	if v := r.verdicts(); v["429-once"] != "pass" || v["503-always"] != "pass" || v["books"] != "pass" {
		t.Errorf("%v", v)
	}
}
