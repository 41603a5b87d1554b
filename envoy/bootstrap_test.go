package envoy_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBootstrapGolden shows the whole bootstrap, as Envoy gets it.
func TestBootstrapGolden(t *testing.T) {
	b := envoy.Bootstrap{NodeID: "headgate-1", Cluster: "headgate", Region: "eu", ExtProc: "/run/headgate/extproc.sock", Admin: "/run/headgate/admin.sock"}
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var fields any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "bootstrap.golden.yaml")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("the bootstrap differs from %s (-want +got); if that is meant, run with -update:\n%s", golden, d)
	}
}

// TestEnvoyTakesTheBootstrap has Envoy check it, with an admin interface and without.
func TestEnvoyTakesTheBootstrap(t *testing.T) {
	for _, admin := range []string{"", "/tmp/admin.sock"} {
		b := envoy.Bootstrap{NodeID: "n", Cluster: "c", ExtProc: "/tmp/extproc.sock", Admin: admin}
		config, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := envoytest.Validate(t, envoytest.Path(t), config); err != nil {
			t.Errorf("admin %q: %v", admin, err)
		}
	}
}

func TestBootstrapNeedsASocket(t *testing.T) {
	if _, err := (&envoy.Bootstrap{NodeID: "n", Cluster: "c"}).JSON(); err == nil || !strings.Contains(err.Error(), "bootstrap") {
		t.Errorf("error %v, want one of the bootstrap", err)
	}
}
