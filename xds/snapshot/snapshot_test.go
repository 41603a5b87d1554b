package snapshot_test

import (
	"strings"
	"testing"

	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/snapshot"
)

const base = `version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}
models:
  m: {chain: [a/x, b/y], timeout: 30s}
  n: b/z
`

func build(t *testing.T, document string) *cachev3.Snapshot {
	t.Helper()
	r, err := snapshot.Build(parse(t, document), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVersions holds that a type's version follows its content: what did not
// change is not sent again. A route names the policy's revision, so that it
// changes with every document.
func TestVersions(t *testing.T) {
	types := map[string]string{"listener": resourcev3.ListenerType, "route": resourcev3.RouteType, "cluster": resourcev3.ClusterType}
	before := build(t, base)
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"a comment", "version: 1", "version: 1 # first", nil},
		{"a retry", "timeout: 30s", "timeout: 30s, retries: 1", []string{"route"}},
		{"a price", "unpriced: flag", "unpriced: flag\nprices: {x: {input: 1, output: 1}}", []string{"route"}},
		{"a backend's address", "127.0.0.1:1/", "127.0.0.1:3/", []string{"cluster", "route"}},
		{"a model more", "models:\n", "models:\n  o: a/z\n", []string{"cluster", "route"}},
		{"the port", "version: 1", "version: 1\nlisten: \"127.0.0.1:8099\"", []string{"listener", "route"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 20 { // map order must not show
				after := build(t, strings.Replace(base, c.from, c.to, 1))
				var changed []string
				for _, name := range []string{"cluster", "listener", "route"} {
					if before.GetVersion(types[name]) != after.GetVersion(types[name]) {
						changed = append(changed, name)
					}
				}
				if d := cmp.Diff(c.want, changed); d != "" {
					t.Fatalf("types with a new version (-want +got):\n%s", d)
				}
			}
		})
	}
}

// TestFaults holds that an error names the model and the backend at fault.
func TestFaults(t *testing.T) {
	_, err := snapshot.Build(parse(t, "version: 1\nunpriced: flag\nbackends: {s: {provider: simulated}}\nmodels: {m: s/any}"), snapshot.Options{})
	if err == nil {
		t.Fatal("a simulated backend without a simulator was built")
	}
	for _, part := range []string{`model "m"`, `backend "s"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not name %s", err, part)
		}
	}
}
