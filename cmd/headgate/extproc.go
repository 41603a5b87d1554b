package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// common are the flags that every serving subcommand has.
type common struct {
	policy     string
	operations string
	logLevel   string
	logFormat  string
}

func (c *common) register(cmd *cobra.Command, policy, operations string) {
	f := cmd.Flags()
	f.StringVarP(&c.policy, "file", "f", policy, "policy file, or folder of them")
	f.StringVar(&c.operations, "operations", operations, "loopback address of metrics, health and profiles")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
}

// grace bounds a stop: streams that are open then are cut.
const grace = 30 * time.Second

// extprocOptions are the flags of `headgate extproc`.
type extprocOptions struct {
	common
	pair    pairOptions
	socket  string
	records string
}

func newExtproc() *cobra.Command {
	var o extprocOptions
	cmd := &cobra.Command{
		Use:   "extproc",
		Short: "Serve ext_proc on a Unix socket for an Envoy beside it",
		Long: "Serve ext_proc on a Unix socket for an Envoy beside it.\n\n" +
			"The policy comes from a control plane (headgate xds), and so does Envoy's\n" +
			"configuration, which Envoy takes from the same socket (headgate envoy bootstrap).\n" +
			"With -f the policy is a file's, for an Envoy that you configure yourself\n" +
			"(headgate render envoy). On SIGHUP it is read again, and taken where nothing but\n" +
			"weights differs: after any other change render again, and restart Envoy and this\n" +
			"process.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.policy != "" && cmd.Flags().Changed("xds") {
				return errors.New("give either -f or --xds: the policy comes from one place")
			}
			if !cmd.Flags().Changed("state") {
				o.pair.state = filepath.Join(".headgate", o.pair.node)
			}
			return serveExtproc(cmd.Context(), &o)
		},
	}
	o.register(cmd, "", "127.0.0.1:9090")
	o.pair.register(cmd)
	cmd.Flags().StringVar(&o.socket, "socket", "extproc.sock", "Unix socket that Envoy dials")
	cmd.Flags().StringVar(&o.records, "access-log", "-", "file of access records, - for standard output")
	return cmd
}

func serveExtproc(ctx context.Context, o *extprocOptions) (err error) {
	log, err := newLogger(o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	if err := o.settle(log); err != nil {
		return err
	}
	var l lifecycle
	defer func() { err = errors.Join(err, stopAll(&l, log)) }()
	reg := newRegistry()
	ops, err := serveOperations(&l, o.operations, reg)
	if err != nil {
		return failed(err)
	}
	data, err := newDataPlane(&l, o.records, o.pair.region, reg, log)
	if err != nil {
		return failed(err)
	}
	serve := o.follow
	if o.policy != "" {
		serve = o.serveFile
	}
	if err := serve(&l, data, ops, reg, log); err != nil {
		return failed(err)
	}
	ops.ready.Store(true)
	log.Info("serving ext_proc", zap.String("socket", o.socket))
	<-ctx.Done()
	ops.ready.Store(false)
	return nil
}

// settle refuses what the command line cannot mean.
func (o *extprocOptions) settle(log *zap.Logger) error {
	if err := checkSocket("--socket", o.socket); err != nil {
		return err
	}
	if o.policy != "" {
		return checkNode(o.pair.node)
	}
	return o.pair.settle(log)
}

// follow serves what a control plane says.
func (o *extprocOptions) follow(l *lifecycle, data *dataPlane, ops *operations, reg *prometheus.Registry, log *zap.Logger) error {
	r, err := o.pair.agent(data, reg, log)
	if err != nil {
		return err
	}
	ops.tell(pairDetail(r, o.pair.addresses))
	ops.need(func() bool { return r.Revision() != "" && r.Trouble() == "" })
	if err := data.serve(l, o.socket, r.Register, r.Stop); err != nil {
		return err
	}
	startAgent(l, r)
	return nil
}

// serveFile serves what a file says, which is read again on SIGHUP.
func (o *extprocOptions) serveFile(l *lifecycle, data *dataPlane, ops *operations, reg *prometheus.Registry, log *zap.Logger) error {
	s, err := newStatic(o.policy, data, ops, reg, log)
	if err != nil {
		return err
	}
	if err := data.serve(l, o.socket, func(*grpc.Server) {}, func() {}); err != nil {
		return err
	}
	onHUP(l, s.reload)
	return nil
}

// onHUP calls f on each SIGHUP until the lifecycle stops it.
func onHUP(l *lifecycle, f func()) {
	hup, done, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for {
			select {
			case <-hup:
				f()
			case <-done:
				return
			}
		}
	}()
	l.started("SIGHUP", func(context.Context) error {
		signal.Stop(hup)
		close(done)
		<-ended
		return nil
	})
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
