package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy/source"
)

// common are the flags that every serving subcommand has.
type common struct {
	policy     string
	operations string
	logLevel   string
	logFormat  string
}

func (c *common) register(cmd *cobra.Command, operations string) {
	f := cmd.Flags()
	f.StringVarP(&c.policy, "file", "f", "policy.yaml", "policy file")
	f.StringVar(&c.operations, "operations", operations, "loopback address of metrics, health and profiles")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
}

// grace bounds a stop: streams that are open then are cut.
const grace = 30 * time.Second

func newExtproc() *cobra.Command {
	var c common
	var socket, records string
	cmd := &cobra.Command{
		Use:   "extproc",
		Short: "Serve ext_proc on a Unix socket for an Envoy beside it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveExtproc(cmd.Context(), &c, socket, records)
		},
	}
	c.register(cmd, "127.0.0.1:9090")
	cmd.Flags().StringVar(&socket, "socket", "extproc.sock", "Unix socket that Envoy dials")
	cmd.Flags().StringVar(&records, "access-log", "-", "file of access records, - for standard output")
	return cmd
}

func serveExtproc(ctx context.Context, c *common, socket, records string) (err error) {
	log, err := newLogger(c.logLevel, c.logFormat)
	if err != nil {
		return err
	}
	set, err := source.Load(c.policy)
	if err != nil {
		return &exitError{exitFault, err}
	}
	secrets, err := credential.New(set, os.LookupEnv, time.Now)
	if err != nil {
		return &exitError{exitFault, err}
	}
	for _, w := range secrets.Warnings() {
		log.Warn(w)
	}
	var l lifecycle
	defer func() { err = errors.Join(err, stopAll(&l, log)) }()
	reg := newRegistry()
	ops, err := serveOperations(&l, c.operations, reg)
	if err != nil {
		return &exitError{exitFault, err}
	}
	if _, err = startDataPlane(&l, dataPlaneOptions{set, secrets, socket, records, log, reg}); err != nil {
		return &exitError{exitFault, err}
	}
	ops.ready.Store(true)
	log.Info("serving ext_proc", zap.String("socket", socket), zap.String("revision", set.Revision))
	<-ctx.Done()
	ops.ready.Store(false)
	return nil
}

// stopAll stops what was started, in reverse, under one time limit.
func stopAll(l *lifecycle, log *zap.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := l.stop(ctx)
	_ = log.Sync()
	return err
}

func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}
