package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/identity"
)

// defaultNode is the id of a pair that is not given one.
const defaultNode = "headgate-1"

// pairOptions say which control plane a pair follows, and as whom.
type pairOptions struct {
	node, region string
	addresses    []string
	listen       string
	state        string
	tls          identity.Files
	serverName   string

	// what settle made of them
	at    netip.AddrPort // the zero value: where the policy says
	creds credentials.TransportCredentials
}

func (o *pairOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.addresses, "xds", []string{"127.0.0.1:18000"}, "addresses of control plane replicas, tried in turn")
	f.StringVar(&o.node, "node", defaultNode, "id of this pair")
	f.StringVar(&o.region, "region", "", "region that this pair runs in, for models with nearest: true")
	f.StringVar(&o.listen, "listen", "", "address that this pair's Envoy listens on in place of the policy's, for several pairs on one machine")
	f.StringVar(&o.state, "state", "", "folder that keeps the last good policy, empty for none (default .headgate/NODE)")
	f.StringVar(&o.tls.CA, "xds-ca", "", "PEM file that verifies the control plane's certificate; TLS is required beyond loopback")
	f.StringVar(&o.tls.Cert, "xds-cert", "", "PEM file of this pair's certificate")
	f.StringVar(&o.tls.Key, "xds-key", "", "PEM file of the certificate's key")
	f.StringVar(&o.serverName, "xds-name", "", "name in the control plane's certificate (default the address's host)")
}

// settle refuses what the command line cannot mean, before anything is started.
func (o *pairOptions) settle(log *zap.Logger) (err error) {
	if err := checkNode(o.node); err != nil {
		return err
	}
	if o.listen != "" {
		if o.at, err = policy.ParseListen(o.listen); err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
	}
	o.creds, err = o.credentials(log)
	return err
}

// agent makes the pair's end of ADS of options that are settled. It is started with
// startAgent.
func (o *pairOptions) agent(apply *dataPlane, reg prometheus.Registerer, log *zap.Logger) (*agent.Agent, error) {
	options := agent.Options{
		Node: o.node, Cluster: nodeCluster, Region: o.region, Addresses: o.addresses, State: o.state,
		Apply: apply.apply, Log: log.Named("pair"), Listen: o.at, Credentials: o.creds,
	}
	apply.listen = o.at
	if o.state != "" {
		if err := os.MkdirAll(o.state, 0o750); err != nil {
			return nil, fmt.Errorf("state folder: %w", err)
		}
	}
	return agent.New(options, reg)
}

// credentials are TLS where it is asked for. Plain is for loopback only: whoever is
// between a pair and its control plane could change the policy.
func (o *pairOptions) credentials(log *zap.Logger) (credentials.TransportCredentials, error) {
	if o.tls != (identity.Files{}) {
		return dialers(o.addresses, o.serverName, o.tls, log)
	}
	for _, addr := range o.addresses {
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

// startAgent follows the control plane until the lifecycle stops it.
func startAgent(l *lifecycle, r *agent.Agent) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	l.started("control plane stream", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// pairDetail is what /readyz says of a pair.
func pairDetail(r *agent.Agent, addresses []string) func() string {
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
		return "policy " + revision + "\n" + link + "\n"
	}
}
