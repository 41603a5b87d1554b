package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/envoy"
)

func newEnvoy() *cobra.Command {
	cmd := group("envoy", "What an Envoy beside Headgate needs")
	cmd.AddCommand(newBootstrap(), newEnvoyDrain())
	return cmd
}

func newBootstrap() *cobra.Command {
	b := envoy.Bootstrap{Cluster: app.NodeCluster}
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Print the bootstrap of a standalone Envoy",
		Long:  "Print the bootstrap of a standalone Envoy, which takes its configuration from the\next_proc server (headgate extproc) on the socket that they share." + printingCodes,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(checkNode(b.NodeID), app.CheckSocket("--socket", b.ExtProc), checkOptionalSocket("--admin", b.Admin)); err != nil {
				return err
			}
			text, err := b.JSON()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.NodeID, "node", defaultNode, "id of this Envoy's pair")
	f.StringVar(&b.Region, "region", "", "region that this Envoy runs in")
	f.StringVar(&b.ExtProc, "socket", defaultSocket, "Unix socket of the ext_proc server (headgate extproc --socket)")
	f.Uint64Var(&b.Connections, "max-connections", envoy.MaxConnections, "most clients that may be connected at a time; keep it below half of the files that this Envoy may have open")
	f.StringVar(&b.Admin, "admin", "", "Unix socket of Envoy's admin interface, empty for none")
	return cmd
}
