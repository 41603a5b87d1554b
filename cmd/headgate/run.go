package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// runOptions are the flags of `headgate run`.
type runOptions struct {
	common
	admin       string
	region      string
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
			"answered by the simulated provider where the policy says so. A change of the\n" +
			"policy file takes effect while traffic goes on.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), &o, cmd.OutOrStdout()) },
	}
	o.register(cmd, "policy.yaml", "127.0.0.1:9090")
	f := cmd.Flags()
	f.StringVar(&o.admin, "admin", "127.0.0.1:8081", "loopback address of the admin API")
	f.StringVar(&o.region, "region", "", "region that this gateway runs in, for models with nearest: true")
	f.StringVar(&o.data, "data", ".headgate", "folder for access records, logs and the policy's history")
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
	g := &gateway{options: o, log: log, reg: newRegistry(), out: out, lifecycle: &l}
	if err := g.start(ctx); err != nil {
		return failed(err)
	}
	g.announce()
	<-ctx.Done()
	g.ops.ready.Store(false)
	log.Info("stopping: letting answers that are under way end")
	return nil
}
