package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/provider/sim"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/snapshot"
)

// gateway is everything that `headgate run` runs.
type gateway struct {
	options *runOptions
	log     *zap.Logger
	reg     *prometheus.Registry
	out     io.Writer

	set       *policy.Set
	simulated []string // backends that the simulated provider answers for want of a credential
	ops       *operations
	envoyPath string
}

func (g *gateway) start(ctx context.Context, l *lifecycle) error {
	set, err := source.Load(g.options.policy)
	if err != nil {
		return err
	}
	secrets, err := credential.New(set, os.LookupEnv, time.Now)
	if err != nil {
		return err
	}
	for _, w := range secrets.Warnings() {
		g.log.Warn(w)
	}
	g.set = g.standIn(set, secrets)
	if g.envoyPath, _, err = envoy.Find(ctx, os.Getenv, g.options.tools); err != nil {
		return err
	}
	if err := portFree(set.Listen.String()); err != nil {
		return err
	}
	data, err := filepath.Abs(g.options.data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o750); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	sockets, err := socketFolder(l)
	if err != nil {
		return err
	}
	if g.ops, err = serveOperations(l, g.options.operations, g.reg); err != nil {
		return err
	}
	simulator, err := g.startSim(l)
	if err != nil {
		return err
	}
	if _, err := startDataPlane(l, dataPlaneOptions{
		set: g.set, secrets: secrets, socket: filepath.Join(sockets, "extproc.sock"),
		accessLog: filepath.Join(data, "access.jsonl"), log: g.log, reg: g.reg,
	}); err != nil {
		return err
	}
	roots, err := systemRoots(g.set)
	if err != nil {
		return err
	}
	control, err := startControlPlane(l, g.set, "127.0.0.1:0", snapshot.Options{
		AccessLog: filepath.Join(data, "envoy-access.jsonl"), Simulated: simulator, Roots: roots,
	}, g.reg, g.log)
	if err != nil {
		return err
	}
	child, err := g.startEnvoy(l, control, sockets, data)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyAfter)
	defer cancel()
	ctx, cancelWait := child.While(ctx)
	defer cancelWait()
	if err := control.server.Accepted(ctx); err != nil {
		return err
	}
	return g.waitReady(ctx)
}

// standIn puts the simulated provider in the place of the backends whose
// credential is not set and whose policy wants that.
func (g *gateway) standIn(set *policy.Set, secrets *credential.Store) *policy.Set {
	missing := make(map[string]bool)
	for name, b := range set.Backends {
		if b.WithoutCredential == policy.WithoutSimulate && secrets.Missing(b) {
			missing[name] = true
			g.simulated = append(g.simulated, name)
		}
	}
	slices.Sort(g.simulated)
	return set.Simulated(missing)
}

// systemRoots returns the file of root certificates that Envoy verifies providers
// with, where a backend needs it.
func systemRoots(set *policy.Set) (string, error) {
	for _, b := range set.Backends {
		if b.URL != nil && b.URL.Scheme == "https" && b.CAFile == "" {
			return envoy.Roots(os.Getenv)
		}
	}
	return "", nil
}

// socketFolder makes a private folder for sockets: their paths are bounded to
// some hundred bytes, which a data folder deep in a tree would exceed.
func socketFolder(l *lifecycle) (string, error) {
	dir, err := os.MkdirTemp("", "headgate-")
	if err != nil {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	l.started("socket folder", func(context.Context) error { return os.RemoveAll(dir) })
	return dir, nil
}

// portFree says in one line where another process has the gateway's port.
func portFree(addr string) error {
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("gateway port: %w", err)
	}
	return lis.Close()
}

// startSim runs the simulated provider where a backend needs it.
func (g *gateway) startSim(l *lifecycle) (*url.URL, error) {
	if !g.set.NeedsSimulator() {
		return nil, nil
	}
	options := sim.Options{Keyless: true}
	if g.options.script != "" {
		data, err := os.ReadFile(g.options.script)
		if err != nil {
			return nil, fmt.Errorf("script of the simulated provider: %w", err)
		}
		if options.Script, err = sim.ParseScript(g.options.script, data); err != nil {
			return nil, err
		}
	}
	server, err := sim.New(options)
	if err != nil {
		return nil, err
	}
	running, err := server.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.started("simulated provider", running.Shutdown)
	return url.Parse(running.URL + "/v1")
}

func (g *gateway) startEnvoy(l *lifecycle, control *controlPlane, sockets, data string) (*envoy.Child, error) {
	b := envoy.Bootstrap{
		NodeID: "headgate-run", Cluster: nodeCluster, XDS: control.addr.String(),
		ExtProc: filepath.Join(sockets, "extproc.sock"), Admin: filepath.Join(sockets, "envoy.sock"),
	}
	text, err := b.JSON()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(data, "envoy.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, fmt.Errorf("writing Envoy's bootstrap: %w", err)
	}
	restarts := prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_envoy_restarts_total", Help: "Times that Envoy ended by itself and was started again."})
	g.reg.MustRegister(restarts)
	child := envoy.Start(envoy.ChildOptions{
		Path: g.envoyPath, Config: config, Admin: b.Admin, Concurrency: g.options.concurrency,
		Log: g.log.Named("envoy"), Restarted: restarts.Inc,
	})
	l.started("Envoy", func(ctx context.Context) error {
		drained, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		if err := child.Drain(drained); err != nil {
			g.log.Warn("Envoy was not drained", zap.Error(err))
		}
		return child.Stop(ctx)
	})
	return child, nil
}

// drain is how long answers that are under way may take to end. The rest of the
// grace is for everything behind Envoy.
const drain = grace - 10*time.Second

// waitReady asks through Envoy until Headgate answers: the only proof that the
// whole path works.
func (g *gateway) waitReady(ctx context.Context) error {
	probe := &http.Client{Timeout: 2 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		resp, err := probe.Get("http://" + g.set.Listen.String() + "/v1/models")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK && resp.Header.Get(record.ExchangeHeader) != "" {
				g.ops.ready.Store(true)
				return nil
			}
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		last = err
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the gateway did not become ready: %w (last: %w)", context.Cause(ctx), last)
		}
	}
}
