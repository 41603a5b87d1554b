package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
)

func newSim() *cobra.Command {
	var o app.SimOptions
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Serve the simulated provider alone",
		Long:  "Serve the simulated provider alone: OpenAI and Anthropic wire formats with exact\nusage, scripted delays and faults, and a log of what it served at /sim/log." + servingCodes,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			running, err := app.StartSim(o)
			if err != nil {
				return failed(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "simulated provider: %s/v1, log at %s/sim/log\n", running.URL, running.URL)
			<-cmd.Context().Done()
			ctx, cancel := context.WithTimeout(context.Background(), app.Closing)
			defer cancel()
			return running.Shutdown(ctx)
		},
	}
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:9100", "loopback address to serve on")
	cmd.Flags().StringVar(&o.Script, "script", "", "file of rules for answers and faults")
	cmd.Flags().BoolVar(&o.Keyless, "keyless", false, "take requests without a credential")
	return cmd
}
