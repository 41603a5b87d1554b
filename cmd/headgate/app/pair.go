package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/identity"
	"github.com/headgate/headgate/xds/token"
)

// PairOptions say which control plane a pair follows, and under which name.
type PairOptions struct {
	Node, Region string
	Addresses    []string       // of the control plane's replicas, tried in turn
	Listen       netip.AddrPort // of the pair's Envoy; the zero value: where the policy says
	SharePort    bool           // several Envoys of the pair may listen on Listen at a time, so that one replaces another
	Own          string         // Unix socket on which the pair's Envoy takes Headgate's own calls; empty: it takes none
	State        string         // folder of the last good policy, and of keys unless the next says otherwise; empty: none is kept
	Keys         string         // folder of callers' keys, where no policy is kept
	TLS          identity.Files
	ServerName   string // in the control plane's certificate; empty: the address's host
	Token        string // file of the control plane's token, at a port without TLS; empty: the control plane says where it is

	creds credentials.TransportCredentials // what prepare made of them
}

// prepare refuses what the options cannot mean, before anything is started.
func (o *PairOptions) prepare(log *zap.Logger) (err error) {
	if o.Token != "" && o.TLS != (identity.Files{}) {
		return errors.New("--xds-token-file is for a control plane at a port without TLS")
	}
	o.creds, err = o.credentials(log)
	return err
}

// agent makes the pair's end of ADS of options that are prepared. It is started with
// startAgent.
func (o *PairOptions) agent(apply *dataPlane, reg prometheus.Registerer, log *zap.Logger) (*agent.Agent, error) {
	options := agent.Options{
		Node: o.Node, Cluster: NodeCluster, Region: o.Region, Addresses: o.Addresses, State: o.State,
		Apply: apply.apply, Log: log.Named("pair"), Listen: o.Listen, SharePort: o.SharePort, Own: o.Own, Credentials: o.creds, Fleet: apply.reports,
		Keys: apply.keys, KeysFolder: cmp.Or(o.Keys, o.State), Balances: apply.balances,
	}
	if o.creds == nil {
		options.Token = token.NewHolder(o.Token, time.Now)
	}
	options.Warning = apply.trouble
	if apply.spool != nil {
		options.Backlog = apply.spool
	}
	apply.listen = o.Listen
	if o.State != "" {
		if err := os.MkdirAll(o.State, 0o750); err != nil {
			return nil, fmt.Errorf("state folder: %w", err)
		}
	}
	a, err := agent.New(options, reg)
	if err == nil {
		apply.onTrouble(a.Recheck)
	}
	return a, err
}

// credentials are TLS if it is asked for. Plain is for loopback only: whoever is
// between a pair and its control plane could change the policy.
func (o *PairOptions) credentials(log *zap.Logger) (credentials.TransportCredentials, error) {
	if o.TLS != (identity.Files{}) {
		return dialers(o.Addresses, o.ServerName, o.TLS, log)
	}
	for _, addr := range o.Addresses {
		if _, ok := socketPath(addr); ok {
			continue
		}
		local, err := loopback.HostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("control plane address %q: %w", addr, err)
		}
		if !local {
			return nil, fmt.Errorf("control plane address %q: beyond loopback it takes TLS: give --xds-ca", addr)
		}
	}
	return nil, nil
}

func reportTLS(log *zap.Logger) func(error) {
	return func(err error) {
		log.Error("certificates could not be read again; the ones before stay in use", zap.Error(err))
	}
}

// linked is an agent that follows the control plane. It is safe for concurrent use.
type linked struct {
	agent *agent.Agent
	once  sync.Once
	mu    sync.Mutex
	stop  func() // nil: it was not started
}

// start follows the control plane until the lifecycle stops it, or leave does. A second call does
// nothing.
func (k *linked) start(l *lifecycle) {
	k.once.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { k.agent.Run(ctx) })
		stop := func() { cancel(); running.Wait() }
		k.mu.Lock()
		k.stop = stop
		k.mu.Unlock()
		l.started("control plane stream", func(context.Context) error { stop(); return nil })
	})
}

// leave stops following the control plane, and ends the streams of Envoys: they go on with
// another process.
func (k *linked) leave() {
	k.agent.Stopping()
	k.mu.Lock()
	stop := k.stop
	k.mu.Unlock()
	if stop != nil {
		stop()
	}
	k.agent.Stop()
}

// pairDetail is what /readyz says of a pair.
func pairDetail(r *agent.Agent, d *dataPlane, addresses []string) func() string {
	return func() string {
		revision, link := r.Revision(), "no control plane reachable at "+strings.Join(addresses, ", ")
		if r.Linked() {
			link = "control plane connected"
		}
		if revision == "" {
			revision = "none yet"
		}
		if trouble := r.Trouble(); trouble != "" {
			link += "\n" + trouble
		}
		for _, warning := range []string{d.trouble(), r.Warning()} {
			if warning != "" && !strings.Contains(link, warning) {
				link += "\n" + warning
			}
		}
		return "policy " + revision + "\n" + overlayDetail(d.overlay(), nil) + d.reports.detail(time.Now()) + link + "\n"
	}
}
