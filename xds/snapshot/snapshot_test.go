package snapshot_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/headgate/headgate/xds/ads"
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

func build(t *testing.T, document string) ads.Set {
	t.Helper()
	r, err := snapshot.Build(parse(t, document), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Set("")
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
		{"a retry", "timeout: 30s", "timeout: 30s, retries: 1", []string{"cluster", "route"}},
		{"a timeout", "timeout: 30s", "timeout: 31s", []string{"route"}},
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
					if before[types[name]].Version != after[types[name]].Version {
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
	before := build(t, base)[resourcev3.ClusterType].Items
	for _, c := range []struct {
		name, from, to string
		want           []string // models whose pools are others
	}{
		{"nothing", "", "", nil},
		{"weights", "weight: 90}, {use: b/y, weight: 10", "weight: 1}, {use: b/y, weight: 9", nil},
		{"a retry", "timeout: 30s", "timeout: 30s, retries: 1", []string{"m"}}, // it ejects earlier
		{"a timeout", "timeout: 30s", "timeout: 31s", nil},
		{"a backend's address", "127.0.0.1:1/", "127.0.0.1:3/", []string{"m", "w"}},
		{"a use's model", "[a/x, b/y]", "[a/x, b/z]", []string{"m"}},
		{"the order of links", "[a/x, b/y]", "[b/y, a/x]", []string{"m"}},
		{"a use more", "weight: 10}", "weight: 10}, {use: b/z, weight: 1}", []string{"w"}},
		{"a model more", "models:\n", "models:\n  o: a/z\n", []string{"o"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for name, r := range build(t, strings.Replace(base, c.from, c.to, 1))[resourcev3.ClusterType].Items {
				model, _, _ := strings.Cut(strings.TrimPrefix(name, "pool/"), "/")
				switch old := before[name]; {
				case old.Value == nil:
					got = append(got, model)
				case old.Version != r.Version:
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
		for name, r := range before[kind].Items {
			if a, b := r.Value.Value, after[kind].Items[name].Value.GetValue(); !bytes.Equal(a, b) {
				t.Errorf("%s %s: %d bytes differ from %d", kind, name, len(b), len(a))
			}
		}
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

// TestBuilderSharesWhatStayed holds that a policy built after another is the same as
// one that is built alone, whatever changed: models, the options, or what all share.
func TestBuilderSharesWhatStayed(t *testing.T) {
	var b snapshot.Builder
	for _, c := range []struct {
		name, from, to string
		options        snapshot.Options
	}{
		{"the first", "", "", snapshot.Options{}},
		{"the same", "", "", snapshot.Options{}},
		{"a model less", "  n: b/z\n", "", snapshot.Options{}},
		{"another address", "127.0.0.1:1/", "127.0.0.1:3/", snapshot.Options{}},
		{"weights", "weight: 90", "weight: 9", snapshot.Options{}},
		{"a limit", "version: 1", "version: 1\nlimits: {body: 1MiB}", snapshot.Options{}},
		{"a clock", "timeout: 30s", "timeout: 3s", snapshot.Options{}},
		{"options", "", "", snapshot.Options{AccessLog: "/dev/null", Roots: "/roots.pem"}},
		{"back again", "", "", snapshot.Options{}},
	} {
		set := parse(t, strings.Replace(base, c.from, c.to, 1))
		after, err := b.Build(set, c.options)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := snapshot.Build(set, c.options)
		if err != nil {
			t.Fatal(err)
		}
		for _, salt := range []string{"", "again"} {
			got, err := after.Set(salt)
			if err != nil {
				t.Fatal(err)
			}
			want, err := alone.Set(salt)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, protocmp.Transform(), cmpopts.IgnoreUnexported(ads.Resources{})); d != "" {
				t.Errorf("%s, salt %q: built after another (-alone +after):\n%s", c.name, salt, d)
			}
		}
	}
	if _, err := b.Build(parse(t, "version: 1\nunpriced: flag\nbackends: {s: {provider: simulated}}\nmodels: {m: s/any}"), snapshot.Options{}); err == nil {
		t.Error("a backend without an address was built")
	}
}
