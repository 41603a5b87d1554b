package snapshot_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

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
  w: {chain: [[{use: a/x, weight: 90}, {use: b/y, weight: 10}], b/z]}
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
// change is not sent again. A route names the policy's shape, so that it changes with
// every document, but for its weights.
func TestVersions(t *testing.T) {
	types := map[string]string{"listener": resourcev3.ListenerType, "route": resourcev3.RouteType, "cluster": resourcev3.ClusterType}
	before := build(t, base)
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"nothing", "", "", nil},
		{"a comment", "version: 1", "version: 1 # first", nil},
		{"a weight", "weight: 10", "weight: 30", nil},
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

// TestNamesOfPools holds what makes another cluster, so that a route in use keeps the
// one that it was made with. No change updates a cluster.
func TestNamesOfPools(t *testing.T) {
	before := build(t, base).GetResources(resourcev3.ClusterType)
	for _, c := range []struct {
		name, from, to string
		want           []string // models whose pools are others
	}{
		{"nothing", "", "", nil},
		{"weights", "weight: 90}, {use: b/y, weight: 10", "weight: 1}, {use: b/y, weight: 9", nil},
		{"a retry", "timeout: 30s", "timeout: 30s, retries: 1", nil},
		{"a backend's address", "127.0.0.1:1/", "127.0.0.1:3/", []string{"m", "w"}},
		{"a use's model", "[a/x, b/y]", "[a/x, b/z]", []string{"m"}},
		{"the order of links", "[a/x, b/y]", "[b/y, a/x]", []string{"m"}},
		{"a use more", "weight: 10}", "weight: 10}, {use: b/z, weight: 1}", []string{"w"}},
		{"a model more", "models:\n", "models:\n  o: a/z\n", []string{"o"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for name, r := range build(t, strings.Replace(base, c.from, c.to, 1)).GetResources(resourcev3.ClusterType) {
				model, _, _ := strings.Cut(strings.TrimPrefix(name, "pool/"), "/")
				switch old := before[name]; {
				case old == nil:
					got = append(got, model)
				case !proto.Equal(old, r):
					t.Errorf("pool of %s: updated under its name", model)
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("models whose pools are others (-want +got):\n%s", d)
			}
		})
	}
}

// TestWeightsLeaveEnvoyAlone holds that a step of a canary costs Envoy nothing: all
// resources stay byte for byte what they were.
func TestWeightsLeaveEnvoyAlone(t *testing.T) {
	before, after := build(t, base), build(t, strings.Replace(base, "weight: 10", "weight: 30", 1))
	for _, kind := range []string{resourcev3.ClusterType, resourcev3.RouteType, resourcev3.ListenerType} {
		for name, r := range before.GetResources(kind) {
			if a, b := bytesOf(t, r), bytesOf(t, after.GetResources(kind)[name]); !bytes.Equal(a, b) {
				t.Errorf("%s %s: %d bytes differ from %d", kind, name, len(b), len(a))
			}
		}
	}
}

func bytesOf(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTooManyOrders holds that a pool does not grow beyond measure.
func TestTooManyOrders(t *testing.T) {
	link := "[{use: a/x, weight: 1}, {use: b/x, weight: 1}, {use: b/y, weight: 1}]"
	document := strings.Replace(base, "[a/x, b/y]", "["+strings.Repeat(link+", ", 3)+link+"]", 1)
	if _, err := snapshot.Build(parse(t, document), snapshot.Options{}); err == nil || !strings.Contains(err.Error(), `model "m"`) || !strings.Contains(err.Error(), "81 orders") {
		t.Errorf("error %v, want one of 81 orders", err)
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
