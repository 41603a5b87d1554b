package xds_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestEnvoyTakesEachRevision holds that AwaitAccepted speaks of what was published
// last, and that what could not be built changes nothing.
func TestEnvoyTakesEachRevision(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	port := envoytest.FreePort(t)
	e := c.join(t, "one")
	first := c.publish(t, port, "first")
	c.accept(t)
	e.AwaitReady(t)
	if got := running(t, e); !strings.Contains(got, first.Revision) || !listens(port) {
		t.Errorf("Envoy does not run revision %s:\n%s", first.Revision, got)
	}
	second := c.publish(t, port, "second")
	c.accept(t)
	if got := running(t, e); !strings.Contains(got, second.Revision) || strings.Contains(got, first.Revision) {
		t.Errorf("Envoy does not run revision %s alone:\n%s", second.Revision, got)
	}
	bad := parse(t, port, "third", "provider: simulated")
	if err := c.Publish(bad, snapshot.Options{}); err == nil || !strings.Contains(err.Error(), `backend "b"`) {
		t.Errorf("publishing what cannot be built: %v", err)
	}
	c.accept(t)
	if got := running(t, e); !strings.Contains(got, second.Revision) {
		t.Errorf("Envoy lost revision %s:\n%s", second.Revision, got)
	}
	if d := gocmp.Diff(map[string]float64{
		"headgate_policy_info " + second.Revision:          1,
		"headgate_xds_clients":                             1,
		"headgate_xds_nacks_total cluster":                 0,
		"headgate_xds_nacks_total listener":                0,
		"headgate_xds_nacks_total policy":                  0,
		"headgate_xds_nacks_total route":                   0,
		"headgate_xds_rollbacks_total":                     0,
		"headgate_xds_handshake_failures_total":            0,
		"headgate_xds_group_info edge  " + second.Revision: 1,
		"headgate_xds_node_ids_refused_total":              0,
		"headgate_xds_pushes_total":                        2,
	}, c.values(t)); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
}

// values are all metrics by name and label.
func (c *control) values(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := c.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

// TestTakenPort holds that a port is never shared unnoticed: with another Envoy,
// as the kernel would allow, or with anything else. The refusal names the Envoy
// and the port, and ends with the next snapshot that is good.
func TestTakenPort(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(t *testing.T) uint16
	}{
		{"by another process", func(t *testing.T) uint16 {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			return uint16(l.Addr().(*net.TCPAddr).Port)
		}},
		{"by another Envoy", func(t *testing.T) uint16 {
			other, port := start(t, "127.0.0.1:0"), envoytest.FreePort(t)
			other.publish(t, port, "m")
			other.join(t, "other")
			other.accept(t)
			return port
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := c.take(t)
			s := start(t, "127.0.0.1:0")
			s.publish(t, port, "m")
			e := s.join(t, "late")
			err := s.accepted(t)
			for _, part := range []string{"Envoy late refused a listener", fmt.Sprintf("127.0.0.1:%d", port), "Address already in use"} {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v, want it to say %q", err, part)
				}
			}
			free := envoytest.FreePort(t)
			s.publish(t, free, "m")
			s.accept(t)
			e.Await(t, "the listener", func() bool { return listens(free) })
			nacks := s.logs.FilterMessage("resources were refused").All()
			if len(nacks) != 1 {
				t.Fatalf("%d refusals in the log, want 1", len(nacks))
			}
			got := nacks[0].ContextMap()
			if d := gocmp.Diff([]any{"late", "listener"}, []any{got["node"], got["type"]}); d != "" {
				t.Errorf("the logged refusal (-want +got):\n%s", d)
			}
			if n := s.values(t)["headgate_xds_nacks_total listener"]; n != 1 {
				t.Errorf("%v refusals of listeners counted, want 1", n)
			}
		})
	}
}

// TestControlPlaneComesBack holds that Envoy serves on while the control plane is
// gone, and that a new one knows what Envoy already has.
func TestControlPlaneComesBack(t *testing.T) {
	first := start(t, "127.0.0.1:0")
	port := envoytest.FreePort(t)
	e := first.join(t, "one")
	set := first.publish(t, port, "m")
	first.accept(t)
	first.stop()
	if got := running(t, e); !listens(port) || !strings.Contains(got, set.Revision) {
		t.Errorf("Envoy stopped serving with its control plane:\n%s", got)
	}
	second := start(t, first.addr)
	if err := second.Publish(set, snapshot.Options{}); err != nil {
		t.Fatal(err)
	}
	second.accept(t)
	next := second.publish(t, port, "n")
	second.accept(t)
	if got := running(t, e); !strings.Contains(got, next.Revision) {
		t.Errorf("Envoy does not follow the new control plane:\n%s", got)
	}
}

// TestWithoutEnvoyNothingIsAccepted holds that AwaitAccepted waits while no Envoy is
// connected.
func TestWithoutEnvoyNothingIsAccepted(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	c.publish(t, 8080, "m")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.AwaitAccepted(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
