package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

// GatewayOptions say what runs on this machine. The policy says where Envoy listens.
type GatewayOptions struct {
	Options
	Admin       string // loopback address of the admin API
	Region      string
	Data        string    // folder of access records, logs and the policy's history
	Tools       string    // folder of the fetched Envoy
	Concurrency int       // Envoy's worker threads; 0: one per core
	Records     string    // file of access records; "-" is Stdout, empty: access.jsonl in Data
	EnvoyLog    string    // file of Envoy's own access log; "-" is Stdout, empty: envoy-access.jsonl in Data
	Stdout      io.Writer // needed for "-" only
	LogSize     int64     // bytes of access records, and of Envoy's log; 0: no bound
	Script      string    // file of rules for the simulated provider; empty: none
}

// Gateway is a running control plane and data plane with an Envoy as their child.
type Gateway struct {
	process
	options   GatewayOptions
	control   *controlPlane
	pair      *agent.Agent
	records   records
	child     *envoy.Child
	own       *self.Client
	data      string // folder
	sockets   string // folder of Unix sockets
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
	g.pair.Stopping()
	return g.process.Stop(ctx)
}

// Admin is the address of the admin API.
func (g *Gateway) Admin() net.Addr { return g.control.admin }

// Reload opens log files anew, and reads the policy again. It may be called until Stop is.
func (g *Gateway) Reload() {
	if err := errors.Join(g.records.reopen(), g.reopenEnvoyLog()); err != nil {
		g.log.Error("log files cannot be opened anew", zap.Error(err))
	}
	g.control.changes.reload()
}

// Policy is the policy that is published, and the change that brought it.
func (g *Gateway) Policy() (*policy.Set, source.Change) {
	return g.control.source.Latest(), g.control.source.Brought()
}

// PolicyPath is the policy's file or folder.
func (g *Gateway) PolicyPath() string { return g.options.Policy }

// Own makes calls of Headgate's own through this gateway.
func (g *Gateway) Own() *self.Client { return g.own }

// Records is the file of access records; "-": they go to standard output.
func (g *Gateway) Records() string {
	return cmp.Or(g.options.Records, filepath.Join(g.options.Data, "access.jsonl"))
}

// Simulated names the backends that the simulated provider stands in for.
func (g *Gateway) Simulated() (backends []string) {
	for _, e := range g.control.server.Status().Overlay.Simulated {
		backends = append(backends, e.Backend)
	}
	return backends
}

func (g *Gateway) start(ctx context.Context) (err error) {
	l := &g.lifecycle
	if err := g.prepare(ctx); err != nil {
		return err
	}
	if g.ops, err = serveOperations(l, g.options.Operations, g.reg); err != nil {
		return err
	}
	if err := reserveFolder(l, g.data); err != nil {
		return err
	}
	linkSockets(l, g.data, g.sockets)
	data, err := newDataPlane(l, dataOptions{
		records: recordsTo{g.Records(), g.options.Stdout, g.options.LogSize}, spool: filepath.Join(g.data, "spool"), region: g.options.Region, own: g.ownCalls(), withEnvoy: true,
	}, g.reg, g.log)
	if err != nil {
		return err
	}
	g.own, g.records = data.own, data.records
	g.ops.say(data.troubleDetail)
	data.reports.outages = watchOutages(l, g.envoyAdmin(), g.reg, g.log)
	g.ops.showEnvoy(g.envoyAdmin())
	if g.control, err = startControlPlane(l, controlOptions{
		path: g.options.Policy, grants: g.options.Grants, listen: g.ownXDS(), admin: g.options.Admin, state: g.data, pairsLog: true,
		resources: g.resources, ops: g.ops, reg: g.reg, log: g.log,
	}); err != nil {
		return err
	}
	if err := g.portFree(); err != nil {
		return err
	}
	if err := g.startPair(data); err != nil {
		return err
	}
	child, err := g.startEnvoy(data)
	if err != nil {
		return err
	}
	g.child = child
	if g.ownsEnvoyLog() {
		g.watchEnvoyLog(l)
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

// prepare finds Envoy and makes the folders.
func (g *Gateway) prepare(ctx context.Context) (err error) {
	if g.envoyPath, _, err = envoy.Find(ctx, os.Getenv, g.options.Tools); err != nil {
		return err
	}
	if g.data, err = filepath.Abs(g.options.Data); err != nil {
		return err
	}
	if err := os.MkdirAll(g.data, 0o750); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	g.sockets, err = socketFolder(&g.lifecycle)
	return err
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
// plane is in this process, so nothing of it is kept on disk but keys: its database may be away.
func (g *Gateway) startPair(data *dataPlane) (err error) {
	o := PairOptions{Node: "headgate-run", Region: g.options.Region, Addresses: []string{g.ownXDS()}, Keys: g.data, Own: g.ownCalls()}
	if err := o.prepare(g.log); err != nil {
		return err
	}
	if g.pair, err = o.agent(data, g.reg, g.log); err != nil {
		return err
	}
	socket, err := extproc.Listen(filepath.Join(g.sockets, "extproc.sock"))
	if err != nil {
		return err
	}
	data.serve(&g.lifecycle, socket, g.pair.Register, func(ctx context.Context, s *grpc.Server, endings *extproc.AccessLog) {
		g.pair.Stop()
		ctx, cancel := context.WithTimeout(ctx, Closing) // its Envoy has ended
		defer cancel()
		extproc.Drain(ctx, s, data.server, endings)
	})
	(&linked{agent: g.pair}).start(&g.lifecycle)
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
	if err := checkCertificate(live.Listen.TLS); err != nil {
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
		AccessLog: g.envoyLog(), Simulated: g.sim, Roots: roots,
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

// portFree refuses a policy whose address another process has, before Envoy does.
func (g *Gateway) portFree() error {
	listen := g.control.source.Latest().Listen.Address.String()
	lis, err := port{"gateway", listen, "listen: in " + g.options.Policy}.listen()
	if err != nil {
		return g.ofPush(err)
	}
	return lis.Close()
}
