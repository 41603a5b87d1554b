package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/xds/identity"
	"github.com/headgate/headgate/xds/snapshot"
)

// xdsOptions are the flags of `headgate xds`.
type xdsOptions struct {
	common
	listen, admin    string
	state            string
	tls              identity.Files
	accessLog, roots string
	simulated        string
}

func newXDS() *cobra.Command {
	var o xdsOptions
	cmd := &cobra.Command{
		Use:   "xds",
		Short: "Serve the control plane for pairs of the node cluster \"" + nodeCluster + "\"",
		Long: "Serve the control plane: it watches the policy, publishes each change to all pairs\n" +
			"(headgate extproc), and takes changes through the admin API (headgate policy).\n" +
			"Several replicas may serve the same policy; those that share a state folder share\n" +
			"what is pushed, too.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serveXDS(cmd.Context(), &o) },
	}
	o.register(cmd, "policy.yaml", "127.0.0.1:9091")
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:18000", "address that pairs ask; beyond loopback it takes --tls-cert")
	f.StringVar(&o.admin, "admin", "127.0.0.1:8081", "loopback address of the admin API")
	f.StringVar(&o.state, "state", ".headgate/xds", "folder of the policy's history; empty for none over restarts")
	f.StringVar(&o.tls.Cert, "tls-cert", "", "PEM file of this server's certificate")
	f.StringVar(&o.tls.Key, "tls-key", "", "PEM file of the certificate's key")
	f.StringVar(&o.tls.CA, "tls-client-ca", "", "PEM file that verifies pairs' certificates; required beyond loopback")
	f.StringVar(&o.accessLog, "envoy-access-log", "/dev/stdout", "file of Envoy's own access log")
	f.StringVar(&o.roots, "roots", snapshot.DefaultRoots, "file of root certificates on the machines of the Envoys")
	f.StringVar(&o.simulated, "sim", "", "base URL of the simulated provider, for backends of it without a url, and for those whose credential is not set in this process's environment and that say without_credential: simulate")
	return cmd
}

func serveXDS(ctx context.Context, o *xdsOptions) (err error) {
	log, err := newLogger(o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	creds, err := o.credentials(log)
	if err != nil {
		return err
	}
	resources, err := o.resources()
	if err != nil {
		return err
	}
	var l lifecycle
	defer func() { err = errors.Join(err, stopAll(&l, log)) }()
	reg := newRegistry()
	ops, err := serveOperations(&l, o.operations, reg)
	if err != nil {
		return failed(err)
	}
	control, err := startControlPlane(&l, controlOptions{
		path: o.policy, listen: o.listen, credentials: creds, admin: o.admin, state: o.state,
		resources: resources, ops: ops, reg: reg, log: log,
	})
	if err != nil {
		return failed(err)
	}
	ops.ready.Store(true)
	log.Info("serving xDS", zap.Stringer("address", control.addr), zap.Stringer("admin", control.admin), zap.String("revision", control.source.Latest().Revision))
	<-ctx.Done()
	ops.ready.Store(false)
	return nil
}

// credentials are TLS where a certificate is given. Plain is for loopback only, and
// beyond it pairs must show who they are.
func (o *xdsOptions) credentials(log *zap.Logger) (credentials.TransportCredentials, error) {
	local, err := loopback.HostPort(o.listen)
	switch {
	case err != nil:
		return nil, fmt.Errorf("xDS address %q: %w", o.listen, err)
	case !local && (o.tls.Cert == "" || o.tls.CA == ""):
		return nil, fmt.Errorf("xDS address %q: beyond loopback it takes --tls-cert, --tls-key and --tls-client-ca", o.listen)
	case o.tls == (identity.Files{}):
		return nil, nil
	}
	c, err := identity.Server(o.tls, identity.Options{Report: reportTLS(log)})
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(c), nil
}

func (o *xdsOptions) resources() (func(*policy.Set) (resources, error), error) {
	r := resources{Options: snapshot.Options{AccessLog: o.accessLog, Roots: o.roots}}
	if o.simulated == "" {
		return func(set *policy.Set) (resources, error) { return resources{set, r.Options}, nil }, nil
	}
	u, err := simulatedURL(o.simulated)
	if err != nil {
		return nil, err
	}
	r.Simulated = u
	return func(set *policy.Set) (resources, error) {
		live, err := simulated(set)
		return resources{live, r.Options}, err
	}, nil
}
