package xds_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// updates counts the responses of each type that Envoy has accepted.
func updates(t *testing.T, e *pair) map[string]string {
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
		{"what only ext_proc needs: a route names the shape", backend + ", without_credential: simulate", port, "1", "1", "2"},
		{"another address", strings.Replace(backend, ":1/", ":2/", 1), port, "2", "1", "3"},
	} {
		if err := c.Publish(parse(t, step.port, "m", step.backend), snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		c.accept(t)
		e.AwaitReady(t)
		want := map[string]string{
			"cluster_manager.cds.update_success": step.cds, "listener_manager.lds.update_success": step.lds,
			"http.gateway.rds.gateway.update_success": step.route,
		}
		if d := cmp.Diff(want, updates(t, e)); d != "" {
			t.Errorf("%s: responses that Envoy has accepted (-want +got):\n%s", step.name, d)
		}
	}
}

// TestPairsShareARevision holds that every pair of the node cluster gets the same, a
// pair with an address of its own too, and that AwaitAccepted speaks of all of them.
func TestPairsShareARevision(t *testing.T) {
	c, port, own := start(t, "127.0.0.1:0"), envoytest.FreePort(t), envoytest.FreePort(t)
	first := c.join(t, "first")
	c.publish(t, port, "m")
	c.accept(t)
	second := c.joinAs(t, agent.Options{Node: "second", Listen: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), own)})
	c.accept(t)
	next := c.publish(t, port, "n")
	c.accept(t)
	for name, p := range map[string]*pair{"first": first, "second": second} {
		if got := running(t, p); !strings.Contains(got, next.Shape) || p.agent.Revision() != next.Revision {
			t.Errorf("%s is at %s and does not route by %s:\n%s", name, p.agent.Revision(), next.Shape, got)
		}
	}
	if !listens(port) || !listens(own) {
		t.Errorf("port %d: %v, port %d: %v; want both listening", port, listens(port), own, listens(own))
	}
	if n := c.values(t)["headgate_xds_clients"]; n != 2 {
		t.Errorf("%v pairs connected, want 2", n)
	}
}

// TestOldFaultDelaysNoOther holds that a pair whose machine cannot serve, because its port
// is in use, is reported but does not keep the next revision from the others.
func TestOldFaultDelaysNoOther(t *testing.T) {
	c, port := start(t, "127.0.0.1:0"), envoytest.FreePort(t)
	first := c.join(t, "first")
	c.publish(t, port, "m")
	c.accept(t)
	second := c.join(t, "second")
	if err := c.awaitError(t); !strings.Contains(err.Error(), "Envoy second refused a listener") {
		t.Errorf("error %v, want the second Envoy's", err)
	}
	next := c.publish(t, port, "n")
	if err := c.awaitError(t); !strings.Contains(err.Error(), "second") || !strings.Contains(err.Error(), "listener") {
		t.Errorf("error %v, want the second Envoy's listener again", err)
	}
	first.Await(t, "the next routes", func() bool { return first.agent.Revision() == next.Revision })
	first.Await(t, "the group to be at what the first pair has accepted", func() bool {
		got := c.Status().Groups[0]
		return got.Revision == next.Revision && got.LastGood == next.Revision
	})
	if second.agent.Revision() != "" {
		t.Errorf("the second pair claims to serve %s", second.agent.Revision())
	}
}

// TestRefusalKeepsTheLastGood holds that Envoy goes on with what it had if it refuses
// what comes, and accepts what comes next.
func TestRefusalKeepsTheLastGood(t *testing.T) {
	c, port, taken := start(t, "127.0.0.1:0"), envoytest.FreePort(t), envoytest.FreePort(t)
	other := start(t, "127.0.0.1:0")
	other.publish(t, taken, "m")
	first := other.join(t, "other")
	first.Await(t, "the other Envoy's listener", func() bool { return listens(taken) })
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

// TestOtherNodeClustersAreRefused holds that an Envoy of another node cluster learns why it
// is refused, and that it neither counts nor delays AwaitAccepted.
func TestOtherNodeClustersAreRefused(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	c.publish(t, envoytest.FreePort(t), "m")
	stranger := c.joinAs(t, agent.Options{Node: "stranger", Cluster: "elsewhere"})
	stranger.Await(t, "the reason in the pair's log", func() bool {
		for _, entry := range stranger.logs.All() {
			if strings.Contains(fmt.Sprint(entry.ContextMap()["error"]), `node cluster "elsewhere" is not served here, only "edge"`) {
				return true
			}
		}
		return false
	})
	if n := c.values(t)["headgate_xds_clients"]; n != 0 {
		t.Errorf("%v Envoys connected, want none", n)
	}
	if c.logs.FilterMessage("a node of another cluster asked").Len() == 0 {
		t.Error("the stranger is not in the log")
	}
	c.join(t, "one")
	c.accept(t)
}

// TestWaitReturnsItsCause holds that whoever waits learns why the waiting ended.
func TestWaitReturnsItsCause(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	c.publish(t, 8080, "m")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("Envoy ended")
	cancel(cause)
	if err := c.AwaitAccepted(ctx); !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
}
