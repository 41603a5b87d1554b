package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/snapshot"
)

// GatewayOptions say what runs on this machine. The policy says where Envoy listens.
type GatewayOptions struct {
	Options
	Admin       string // loopback address of the admin API
	Region      string
	Data        string // folder of access records, logs and the policy's history
	Tools       string // folder of the fetched Envoy
	Concurrency int    // Envoy's worker threads; 0: one per core
	Script      string // file of rules for the simulated provider; empty: none
}

// Gateway is a running control plane and data plane with an Envoy as their child.
type Gateway struct {
	process
	options   GatewayOptions
	control   *controlPlane
	data      string // folder
	envoyPath string
	sim       *url.URL // of the simulated provider; nil: no policy needed it yet
}

// readyAfter bounds a start.
const readyAfter = 30 * time.Second

// StartGateway returns once a request gets through Envoy and everything after it.
func StartGateway(ctx context.Context, o GatewayOptions) (*Gateway, error) {
	g := &Gateway{process: newProcess(o.Options), options: o}
	if err := g.start(ctx); err != nil {
		return nil, g.rollBack(err)
	}
	return g, nil
}

// Stop lets answers that are under way end, as process.Stop does.
func (g *Gateway) Stop(ctx context.Context) error {
	g.log.Info("stopping: letting answers that are under way end")
	return g.process.Stop(ctx)
}

// Admin is the address of the admin API.
func (g *Gateway) Admin() net.Addr { return g.control.admin }

// Reload reads the policy again. It may be called until Stop is.
func (g *Gateway) Reload() { g.control.reload() }

// Policy is the policy that is published, and the change that brought it.
func (g *Gateway) Policy() (*policy.Set, source.Change) {
	return g.control.source.Latest(), g.control.source.Brought()
}

// PolicyPath is the policy's file or folder.
func (g *Gateway) PolicyPath() string { return g.options.Policy }

// Records is the file of access records.
func (g *Gateway) Records() string { return filepath.Join(g.options.Data, "access.jsonl") }

// Simulated names the backends that the simulated provider stands in for.
func (g *Gateway) Simulated() (backends []string) {
	for _, e := range g.control.server.Status().Overlay.Simulated {
		backends = append(backends, e.Backend)
	}
	return backends
}

func (g *Gateway) start(ctx context.Context) (err error) {
	l := &g.lifecycle
	if g.envoyPath, _, err = envoy.Find(ctx, os.Getenv, g.options.Tools); err != nil {
		return err
	}
	if g.data, err = filepath.Abs(g.options.Data); err != nil {
		return err
	}
	if err := os.MkdirAll(g.data, 0o750); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	sockets, err := socketFolder(l)
	if err != nil {
		return err
	}
	if g.ops, err = serveOperations(l, g.options.Operations, g.reg); err != nil {
		return err
	}
	data, err := newDataPlane(l, recordsTo{path: filepath.Join(g.data, "access.jsonl")}, g.options.Region, g.reg, g.log)
	if err != nil {
		return err
	}
	if g.control, err = startControlPlane(l, controlOptions{
		path: g.options.Policy, listen: "127.0.0.1:0", admin: g.options.Admin, state: g.data,
		resources: g.resources, ops: g.ops, reg: g.reg, log: g.log,
	}); err != nil {
		return err
	}
	if err := g.portFree(); err != nil {
		return err
	}
	if err := g.startPair(data, sockets); err != nil {
		return err
	}
	child, err := g.startEnvoy(sockets)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyAfter)
	defer cancel()
	ctx, cancelWait := child.While(ctx)
	defer cancelWait()
	if err := g.control.server.AwaitAccepted(ctx); err != nil {
		return err
	}
	return g.waitReady(ctx)
}

// ofPush says where a policy that does not work here came from, if not from the file.
func (g *Gateway) ofPush(err error) error {
	c := g.control.source.Brought()
	if c.Origin == source.FromFile {
		return err
	}
	return fmt.Errorf("policy revision %s, a %s of %s that is newer than %s: %w; change the file to leave it", c.Revision, c.Origin, c.Author, g.options.Policy, err)
}

// startPair serves ext_proc, and Envoy's configuration, on one socket. The control
// plane is in this process, so nothing of it is kept on disk.
func (g *Gateway) startPair(data *dataPlane, sockets string) error {
	o := PairOptions{Node: "headgate-run", Region: g.options.Region, Addresses: []string{g.control.addr.String()}}
	if err := o.prepare(g.log); err != nil {
		return err
	}
	r, err := o.agent(data, g.reg, g.log)
	if err != nil {
		return err
	}
	if err := data.serve(&g.lifecycle, filepath.Join(sockets, "extproc.sock"), r.Register, r.Stop); err != nil {
		return err
	}
	startAgent(&g.lifecycle, r)
	return nil
}

// resources says where a policy's simulated backends are answered and which roots
// verify the others. A credential that is not set refuses the policy before anybody
// is offered it.
func (g *Gateway) resources(set *policy.Set) (resources, error) {
	live, err := simulated(set)
	if err != nil {
		return resources{}, err
	}
	if _, err := credential.New(live, os.LookupEnv, time.Now); err != nil {
		return resources{}, err
	}
	if live.NeedsSimulator() && g.sim == nil {
		if g.sim, err = g.startSim(); err != nil {
			return resources{}, err
		}
	}
	roots, err := systemRoots(live)
	if err != nil {
		return resources{}, err
	}
	return resources{live, snapshot.Options{
		AccessLog: filepath.Join(g.data, "envoy-access.jsonl"), Simulated: g.sim, Roots: roots,
	}}, nil
}

// systemRoots returns the file of root certificates that Envoy verifies providers
// with, if a backend needs it.
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
	return dir, CheckSocket("the socket in TMPDIR", filepath.Join(dir, "extproc.sock"))
}

// portFree refuses a policy whose address another process has, before Envoy does.
func (g *Gateway) portFree() error {
	listen := g.control.source.Latest().Listen.String()
	lis, err := port{"gateway", listen, "listen: in " + g.options.Policy}.listen()
	if err != nil {
		return g.ofPush(err)
	}
	return lis.Close()
}

// startSim runs the simulated provider.
func (g *Gateway) startSim() (*url.URL, error) {
	options := sim.Options{Keyless: true}
	if g.options.Script != "" {
		data, err := os.ReadFile(g.options.Script)
		if err != nil {
			return nil, fmt.Errorf("script of the simulated provider: %w", err)
		}
		if options.Script, err = sim.ParseScript(g.options.Script, data); err != nil {
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
	g.lifecycle.started("simulated provider", running.Shutdown)
	return url.Parse(running.URL + "/v1")
}

func (g *Gateway) startEnvoy(sockets string) (*envoy.Child, error) {
	b := envoy.Bootstrap{
		NodeID: "headgate-run", Cluster: NodeCluster, Region: g.options.Region,
		ExtProc: filepath.Join(sockets, "extproc.sock"), Admin: filepath.Join(sockets, "envoy.sock"),
	}
	text, err := b.JSON()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(g.data, "envoy.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, fmt.Errorf("writing Envoy's bootstrap: %w", err)
	}
	restarts := prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_envoy_restarts_total", Help: "Times that Envoy ended by itself and was started again."})
	g.reg.MustRegister(restarts)
	child := envoy.Start(envoy.ChildOptions{
		Path: g.envoyPath, Config: config, Admin: b.Admin, Concurrency: g.options.Concurrency,
		Log: g.log.Named("envoy"), Restarted: restarts.Inc,
	})
	g.lifecycle.started("Envoy", func(ctx context.Context) error {
		drained, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		if err := child.Drain(drained); err != nil {
			g.log.Warn("Envoy was not drained", zap.Error(err))
		}
		return child.Stop(ctx)
	})
	return child, nil
}

// waitReady asks through Envoy until Headgate answers: the only proof that the
// whole path works.
func (g *Gateway) waitReady(ctx context.Context) error {
	probe := &http.Client{Timeout: 2 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		resp, err := probe.Get("http://" + g.control.source.Latest().Listen.String() + "/v1/models")
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
