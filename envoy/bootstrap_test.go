package envoy_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
)

// TestEnvoyTakesTheBootstrap has Envoy check it, with an admin interface and without.
func TestEnvoyTakesTheBootstrap(t *testing.T) {
	for _, admin := range []string{"", "/tmp/admin.sock"} {
		for _, control := range []string{"127.0.0.1:18000", "[::1]:18000", "headgate.example:18000"} {
			b := envoy.Bootstrap{NodeID: "n", Cluster: "c", XDS: control, ExtProc: "/tmp/extproc.sock", Admin: admin}
			config, err := b.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if err := envoytest.Validate(t, envoytest.Path(t), config); err != nil {
				t.Errorf("admin %q, control plane %s: %v", admin, control, err)
			}
		}
	}
}

func TestBootstrapNamesTheFault(t *testing.T) {
	for _, c := range []struct{ name, xds, want string }{
		{"no port", "127.0.0.1", "address of the control plane"},
		{"no number", "127.0.0.1:http", "port of the control plane"},
		{"a port too far", "127.0.0.1:70000", "port of the control plane"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := envoy.Bootstrap{NodeID: "n", Cluster: "c", XDS: c.xds, ExtProc: "/tmp/extproc.sock"}
			if _, err := b.JSON(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to say %q", err, c.want)
			}
		})
	}
}
