package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/snapshot"
)

func newXDS() *cobra.Command {
	var c common
	var listen, accessLog, simulated, roots string
	cmd := &cobra.Command{
		Use:   "xds",
		Short: "Serve the control plane for Envoys of the node cluster \"" + nodeCluster + "\"",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := snapshot.Options{AccessLog: accessLog, Roots: roots}
			if simulated != "" {
				u, err := url.Parse(simulated)
				if err != nil {
					return err
				}
				o.Simulated = u
			}
			return serveXDS(cmd.Context(), &c, listen, o)
		},
	}
	c.register(cmd, "127.0.0.1:9091")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:18000", "loopback address that Envoys ask")
	cmd.Flags().StringVar(&accessLog, "envoy-access-log", "/dev/stdout", "file of Envoy's own access log")
	cmd.Flags().StringVar(&roots, "roots", snapshot.DefaultRoots, "file of root certificates on the machines of the Envoys")
	cmd.Flags().StringVar(&simulated, "sim", "", "base URL of the simulated provider, for backends of it without a url")
	return cmd
}

func serveXDS(ctx context.Context, c *common, listen string, o snapshot.Options) (err error) {
	log, err := newLogger(c.logLevel, c.logFormat)
	if err != nil {
		return err
	}
	if err := loopbackOnly(listen); err != nil {
		return err
	}
	set, err := source.Load(c.policy)
	if err != nil {
		return &exitError{exitFault, err}
	}
	var l lifecycle
	defer func() { err = errors.Join(err, stopAll(&l, log)) }()
	reg := newRegistry()
	ops, err := serveOperations(&l, c.operations, reg)
	if err != nil {
		return &exitError{exitFault, err}
	}
	control, err := startControlPlane(&l, set, listen, o, reg, log)
	if err != nil {
		return &exitError{exitFault, err}
	}
	ops.ready.Store(true)
	log.Info("serving xDS", zap.Stringer("address", control.addr), zap.String("revision", set.Revision))
	<-ctx.Done()
	ops.ready.Store(false)
	return nil
}
