package xds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/headgate/headgate/envoy/envoytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// updates tells how many responses of each type Envoy has taken.
func updates(t *testing.T, e *envoytest.Envoy) map[string]string {
	t.Helper()
	text, err := e.Ask("/stats?filter=(cds|lds|rds.gateway).update_success")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		name, count, _ := strings.Cut(strings.TrimSpace(line), ": ")
		out[name] = count
	}
	return out
}

// TestOnlyWhatChangedIsSent holds that a type that is the same in the next policy is
// not sent again, and that the same policy sends nothing.
func TestOnlyWhatChangedIsSent(t *testing.T) {
	c, port := start(t, "127.0.0.1:0"), envoytest.FreePort(t)
	e := c.join(t, "one")
	const backend = `provider: openai-compatible, url: "http://127.0.0.1:1/v1"`
	for _, step := range []struct {
		name, backend   string
		port            uint16
		cds, lds, route string
	}{
		{"the first policy", backend, port, "1", "1", "1"},
		{"the same", backend, port, "1", "1", "1"},
		{"a credential: routes name the shape", backend + ", credential: {env: KEY}", port, "1", "1", "2"},
		{"another address", strings.Replace(backend, ":1/", ":2/", 1), port, "2", "1", "3"},
	} {
		if err := c.Publish(t.Context(), parse(t, step.port, "m", step.backend)); err != nil {
			t.Fatal(err)
		}
		c.accept(t)
		e.AwaitReady(t)
		want := map[string]string{
			"cluster_manager.cds.update_success": step.cds, "listener_manager.lds.update_success": step.lds,
			"http.gateway.rds.gateway.update_success": step.route,
		}
		if d := cmp.Diff(want, updates(t, e)); d != "" {
			t.Errorf("%s: responses that Envoy has taken (-want +got):\n%s", step.name, d)
		}
	}
}

// TestReplicasShareASnapshot holds that every Envoy of the node cluster gets the
// same, and that Accepted speaks of all of them: two on one machine cannot both have
// the port.
func TestReplicasShareASnapshot(t *testing.T) {
	c, port := start(t, "127.0.0.1:0"), envoytest.FreePort(t)
	first := c.join(t, "first")
	c.publish(t, port, "m")
	c.accept(t)
	second := c.join(t, "second")
	second.Await(t, "the second Envoy's refusal", func() bool { return c.accepted(t) != nil })
	if err := c.accepted(t); err == nil || !strings.Contains(err.Error(), "Envoy second refused a listener") {
		t.Errorf("error %v, want the second Envoy's", err)
	}
	next := c.publish(t, port, "n")
	for name, e := range map[string]*envoytest.Envoy{"first": first, "second": second} {
		e.Await(t, name+" has the next clusters", func() bool {
			clusters, err := e.Ask("/clusters")
			return err == nil && strings.Contains(clusters, "pool/n/") && !strings.Contains(clusters, "pool/m/")
		})
	}
	first.Await(t, "the next routes", func() bool { return strings.Contains(running(t, first), next.Revision) })
	if n := c.values(t)["headgate_xds_envoys"]; n != 2 {
		t.Errorf("%v Envoys connected, want 2", n)
	}
}

// TestRefusalKeepsTheLastGood holds that Envoy goes on with what it had where it
// refuses what comes, and takes what comes next.
func TestRefusalKeepsTheLastGood(t *testing.T) {
	c, port, taken := start(t, "127.0.0.1:0"), envoytest.FreePort(t), envoytest.FreePort(t)
	other := start(t, "127.0.0.1:0")
	other.publish(t, taken, "m")
	other.join(t, "other")
	other.accept(t)
	e := c.join(t, "one")
	c.publish(t, port, "m")
	c.accept(t)
	c.publish(t, taken, "m")
	if err := c.accepted(t); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("127.0.0.1:%d", taken)) {
		t.Errorf("error %v, want the taken port's", err)
	}
	if !listens(port) {
		t.Error("the last good listener is gone")
	}
	// What is good again is taken, whether it was there before or is new.
	for _, good := range []uint16{port, envoytest.FreePort(t)} {
		c.publish(t, good, "m")
		c.accept(t)
		e.Await(t, "the good listener", func() bool { return listens(good) })
	}
	if n := c.values(t)["headgate_xds_nacks_total listener"]; n != 1 {
		t.Errorf("%v refusals counted, want 1", n)
	}
}

// TestStrangersAreTurnedAway holds that an Envoy of another node cluster is told so,
// and neither counts nor holds Accepted up.
func TestStrangersAreTurnedAway(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	c.publish(t, envoytest.FreePort(t), "m")
	stranger := c.joinAs(t, "stranger", "elsewhere")
	stranger.Await(t, "the reason in Envoy's log", func() bool {
		return strings.Contains(stranger.Log(), `node cluster "elsewhere" is not served here, only "edge"`)
	})
	if n := c.values(t)["headgate_xds_envoys"]; n != 0 {
		t.Errorf("%v Envoys connected, want none", n)
	}
	if c.logs.FilterMessage("an Envoy of another node cluster asked").Len() == 0 {
		t.Error("the stranger is not in the log")
	}
	c.join(t, "one")
	c.accept(t)
}

// TestWaitTellsItsCause holds that who waits learns why the waiting ended.
func TestWaitTellsItsCause(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	c.publish(t, 8080, "m")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("Envoy ended")
	cancel(cause)
	if err := c.Accepted(ctx); !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
}
