package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/provider/sim"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/snapshot"
)

// runOptions are the flags of `headgate run`.
type runOptions struct {
	common
	data        string
	tools       string
	concurrency int
	script      string
}

func newRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run everything on this machine: control plane, ext_proc and Envoy",
		Long: "Run everything on this machine: control plane, ext_proc and Envoy as a child\n" +
			"process, with nothing else needed. Backends whose credential is not set are\n" +
			"answered by the simulated provider where the policy says so.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), &o, cmd.OutOrStdout()) },
	}
	o.register(cmd, "127.0.0.1:9090")
	f := cmd.Flags()
	f.StringVar(&o.data, "data", ".headgate", "folder for access records, logs and sockets")
	f.StringVar(&o.tools, "tools", ".tools", "folder of the fetched Envoy")
	f.IntVar(&o.concurrency, "envoy-concurrency", 0, "Envoy's worker threads, 0 for one per core")
	f.StringVar(&o.script, "sim-script", "", "file of rules for the simulated provider")
	return cmd
}

// readyAfter bounds a start.
const readyAfter = 30 * time.Second

// run starts everything, says when it is ready, and stops it when ctx is done.
func run(ctx context.Context, o *runOptions, out io.Writer) (err error) {
	log, err := newLogger(o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	var l lifecycle
	defer func() { err = errors.Join(err, stopAll(&l, log)) }()
	g := &gateway{options: o, log: log, reg: newRegistry(), out: out}
	if err := g.start(ctx, &l); err != nil {
		return &exitError{exitFault, err}
	}
	g.announce()
	<-ctx.Done()
	g.ops.ready.Store(false)
	log.Info("stopping: letting answers that are under way end")
	return nil
}

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
	control, err := startControlPlane(l, g.set, "127.0.0.1:0", snapshot.Options{
		AccessLog: filepath.Join(data, "envoy-access.jsonl"), Simulated: simulator,
	}, g.reg, g.log)
	if err != nil {
		return err
	}
	if err := g.startEnvoy(l, control, sockets, data); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyAfter)
	defer cancel()
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

func (g *gateway) startEnvoy(l *lifecycle, control *controlPlane, sockets, data string) error {
	b := envoy.Bootstrap{
		NodeID: "headgate-run", Cluster: nodeCluster, XDS: control.addr.String(),
		ExtProc: filepath.Join(sockets, "extproc.sock"), Admin: filepath.Join(sockets, "envoy.sock"),
	}
	text, err := b.JSON()
	if err != nil {
		return err
	}
	config := filepath.Join(data, "envoy.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return fmt.Errorf("writing Envoy's bootstrap: %w", err)
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
	return nil
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
			return fmt.Errorf("the gateway did not become ready: %w (last: %w)", ctx.Err(), last)
		}
	}
}

// announce prints what a user needs next.
func (g *gateway) announce() {
	base := "http://" + g.set.Listen.String() + "/v1"
	var b strings.Builder
	fmt.Fprintf(&b, "\nHeadgate is ready (policy revision %s).\n\n", g.set.Revision)
	fmt.Fprintf(&b, "  base URL   %s\n", base)
	fmt.Fprintf(&b, "  admin URL  http://%s  (/metrics /healthz /readyz /debug/pprof)\n", g.ops.addr)
	fmt.Fprintf(&b, "  records    %s\n", filepath.Join(g.options.data, "access.jsonl"))
	for _, name := range g.simulated {
		fmt.Fprintf(&b, "  backend %s has no credential: the simulated provider answers for it\n", name)
	}
	if model := g.firstModel(); model != "" {
		fmt.Fprintf(&b, "\nTry it:\n\n  curl -i %s/chat/completions -H 'content-type: application/json' \\\n"+
			"    -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n", base, model)
		fmt.Fprintf(&b, "\nStreamed: add \"stream\":true to the body and -N to curl.\n\n")
	}
	fmt.Fprint(g.out, b.String())
}

func (g *gateway) firstModel() string {
	names := make([]string, 0, len(g.set.Models))
	for name := range g.set.Models {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// controlPlane is the xDS server of this process.
type controlPlane struct {
	server *xds.Server
	addr   net.Addr
}

// nodeCluster is the node cluster of the Envoys that share this policy.
const nodeCluster = "headgate"

// startControlPlane publishes a policy and serves it.
func startControlPlane(l *lifecycle, set *policy.Set, addr string, o snapshot.Options, reg prometheus.Registerer, log *zap.Logger) (*controlPlane, error) {
	server := xds.New(nodeCluster, o, reg, log.Named("xds"))
	if err := server.Publish(context.Background(), set); err != nil {
		return nil, err
	}
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("xDS port: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(lis); err != nil {
			log.Error("serving xDS", zap.Error(err))
		}
	}()
	l.started("xDS", func(context.Context) error {
		server.Stop()
		<-done
		return nil
	})
	return &controlPlane{server, lis.Addr()}, nil
}
