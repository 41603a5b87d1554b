package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/snapshot"
)

func newRender() *cobra.Command {
	cmd := group("render", "Print a policy as configuration for those who run Envoy themselves")
	cmd.AddCommand(newRenderEnvoy())
	return cmd
}

func newRenderEnvoy() *cobra.Command {
	var policy, socket, admin, simulated string
	var o snapshot.Options
	cmd := &cobra.Command{
		Use:   "envoy",
		Short: "Print a complete static configuration of Envoy",
		Long: "Print a complete static configuration of Envoy, in YAML.\n\n" +
			"It needs no control plane: run Envoy with it, and beside it `headgate extproc` with the\n" +
			"same policy and socket. After a change of the policy render it again and restart both;\n" +
			"new weights alone need no more than a SIGHUP to `headgate extproc`." + readingCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(app.CheckSocket("--socket", socket), checkOptionalSocket("--admin", admin), checkOptionalSocket("--own-calls", o.Own)); err != nil {
				return err
			}
			set, err := source.LoadOnce(cmd.Context(), policy)
			if err != nil {
				return failed(err)
			}
			if simulated != "" {
				if o.Simulated, err = simulatedURL(simulated); err != nil {
					return err
				}
			}
			text, err := snapshot.YAML(set, o, envoy.ExtProcCluster(socket), admin)
			if err != nil {
				return failed(err)
			}
			also := ""
			if o.Own != "" {
				also = " --own-calls " + o.Own
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "# Policy revision %s. Serve ext_proc with:\n#   headgate extproc -f %s --socket %s%s\n%s", set.Revision, policy, socket, also, text)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&policy, "file", "f", "policy.yaml", "policy file, or folder of them")
	f.StringVar(&socket, "socket", defaultSocket, "Unix socket of the ext_proc server")
	f.StringVar(&admin, "admin", "", "Unix socket of Envoy's admin interface, empty for none")
	f.StringVar(&o.Own, "own-calls", "", "Unix socket for the calls that Headgate makes itself, such as those of guards, as for headgate extproc; empty for none")
	f.StringVar(&o.Roots, "roots", snapshot.DefaultRoots, "file of root certificates where Envoy runs")
	f.StringVar(&o.AccessLog, "envoy-access-log", "/dev/stdout", "file of Envoy's own access log, empty for none")
	f.StringVar(&simulated, "sim", "", "base URL of the simulated provider, for backends of it without a url")
	return cmd
}
