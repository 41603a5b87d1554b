package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
)

// runOptions are the flags of `headgate run`.
type runOptions struct {
	serving
	logSize
	app.GatewayOptions
}

func newRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run everything on this machine: control plane, ext_proc and Envoy",
		Long: "Run everything on this machine: control plane, ext_proc and Envoy as a child\n" +
			"process, with nothing else needed. Backends whose credential is not set are\n" +
			"answered by the simulated provider if the policy says so. A change of the\n" +
			"policy file takes effect while traffic goes on." + servingCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, &o) },
	}
	o.serving.register(cmd, &o.Options, "policy.yaml", "127.0.0.1:9090")
	f := cmd.Flags()
	f.StringVar(&o.Admin, "admin", "127.0.0.1:8081", "loopback address of the admin API")
	f.StringVar(&o.Region, "region", "", "region that this gateway runs in, for models with nearest: true")
	f.StringVar(&o.Data, "data", ".headgate", "folder for access records, logs and the policy's history; each gateway has its own")
	f.StringVar(&o.Tools, "tools", ".tools", "folder of the fetched Envoy")
	o.logSize.register(cmd)
	o.registerGrace(cmd)
	f.StringVar(&o.Records, "access-log", "", "file of access records, - for standard output (default access.jsonl in --data)")
	f.StringVar(&o.EnvoyLog, "envoy-access-log", "", "file of Envoy's own access log, - for standard output (default envoy-access.jsonl in --data)")
	f.IntVar(&o.Concurrency, "envoy-concurrency", 0, "Envoy's worker threads, 0 for one per core")
	f.StringVar(&o.Script, "sim-script", "", "file of rules for the simulated provider")
	return cmd
}

// run starts everything, says when it is ready, and stops it when the context is done.
func run(cmd *cobra.Command, o *runOptions) error {
	size, err := o.bytes()
	if err != nil {
		return err
	}
	if err := o.checkGrace(); err != nil {
		return err
	}
	o.LogSize, o.Stdout = size, cmd.OutOrStdout()
	said := o.Stdout
	if o.Records == "-" || o.EnvoyLog == "-" {
		said = cmd.ErrOrStderr() // records alone go to the standard output
	}
	return o.run(cmd.Context(), true, func(ctx context.Context) (process, error) {
		g, err := app.StartGateway(ctx, o.GatewayOptions)
		if err != nil {
			return nil, placed(err, o.Policy)
		}
		announce(said, g)
		return g, nil
	})
}
