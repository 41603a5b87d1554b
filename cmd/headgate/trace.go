package main

import (
	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
)

func newTrace() *cobra.Command {
	var a adminFlags
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "Show one exchange as a waterfall of stages and attempts",
		Long: `Show one exchange: who asked for what, who answered, how it ended, what it cost, and how
long each stage of the gateway and each attempt took. Its id is what the client was
given as x-headgate-exchange-id; the provider's id of its response, or of the request, and
the id that the client gave the request (x-client-request-id, x-request-id) are found, too,
if it began in the last 24 hours.

Exit codes: 0 done, 1 refused or unknown,` + usageCode,
		Args: cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			e, err := api.Trace(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.print(cmd, e, func() error { return printTrace(cmd.OutOrStdout(), &e) })
		}),
	}
	a.register(cmd)
	return cmd
}
