package xds_test

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

// control is a control plane under test.
type control struct {
	*xds.Server
	addr    string
	metrics *prometheus.Registry
	logs    *observer.ObservedLogs
	stop    func()
}

// start serves on an address; port 0 is any.
func start(t *testing.T, addr string) *control {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	c := &control{addr: l.Addr().String(), metrics: prometheus.NewRegistry(), logs: logs}
	c.Server = xds.New(xds.Options{Cluster: "edge", Now: time.Now}, c.metrics, zap.New(core))
	served := make(chan error, 1)
	go func() { served <- c.Serve(l) }()
	stopped := false
	c.stop = func() {
		if stopped {
			return
		}
		stopped = true
		c.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	}
	t.Cleanup(c.stop)
	return c
}

// pair is an agent and its Envoy, as a test sees them.
type pair struct {
	*envoytest.Envoy
	agent   *agent.Agent
	applied *applied
	logs    *observer.ObservedLogs
}

// applied are the policies that a pair's ext_proc server was given, in order.
type applied struct {
	mu        sync.Mutex
	revisions []string
	fail      map[string]error // by revision
}

func (a *applied) apply(p *policypb.Policy) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.fail[p.GetRevision()]; err != nil {
		return err
	}
	a.revisions = append(a.revisions, p.GetRevision())
	return nil
}

// join connects a pair.
func (c *control) join(t *testing.T, node string) *pair {
	t.Helper()
	return c.joinAs(t, agent.Options{Node: node})
}

// joinAs is join with further options.
func (c *control) joinAs(t *testing.T, o agent.Options) *pair {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	p := &pair{applied: &applied{fail: map[string]error{}}, logs: logs}
	o.Cluster, o.Addresses, o.Apply, o.Log = cmp.Or(o.Cluster, "edge"), append(o.Addresses, c.addr), p.applied.apply, zap.New(core)
	socket := p.serve(t, o)
	b := envoy.Bootstrap{NodeID: o.Node, Cluster: o.Cluster, ExtProc: socket}
	config, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	p.Envoy = envoytest.Run(t, config)
	return p
}

// serve runs an agent on a socket until the test ends.
func (p *pair) serve(t *testing.T, o agent.Options) (socket string) {
	t.Helper()
	r, err := agent.New(o, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	p.agent = r
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	r.Register(g)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	running.Go(func() { _ = g.Serve(l) })
	t.Cleanup(func() {
		cancel()
		r.Stop()
		g.Stop()
		running.Wait()
		_ = os.RemoveAll(dir)
	})
	return socket
}

// publish publishes a policy that listens on a port and has a model of a name.
func (c *control) publish(t *testing.T, port uint16, model string) *policy.Set {
	t.Helper()
	set := parse(t, port, model, "provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"")
	if err := c.Publish(set, snapshot.Options{}); err != nil {
		t.Fatal(err)
	}
	return set
}

func parse(t *testing.T, port uint16, model, backend string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", fmt.Appendf(nil,
		"version: 1\nunpriced: flag\nlisten: \"127.0.0.1:%d\"\nbackends: {b: {%s}}\nmodels: {%s: b/m}\n", port, backend, model))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (c *control) accepted(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), envoytest.Patience)
	defer cancel()
	return c.AwaitAccepted(ctx)
}

// awaitError waits for a refusal of what was published last.
func (c *control) awaitError(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), envoytest.Patience)
	defer cancel()
	for {
		if err := c.AwaitAccepted(ctx); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (c *control) accept(t *testing.T) {
	t.Helper()
	if err := c.accepted(t); err != nil {
		t.Fatal(err)
	}
}

// running returns Envoy's routes, which name the policy's shape.
func running(t *testing.T, e *pair) string {
	t.Helper()
	dump, err := e.Ask("/config_dump?resource=dynamic_route_configs")
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

func listens(port uint16) bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
