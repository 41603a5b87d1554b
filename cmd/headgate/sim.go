package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/extproc/sim"
)

func newSim() *cobra.Command {
	var listen, script string
	var keyless bool
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Serve the simulated provider alone",
		Long:  "Serve the simulated provider alone: OpenAI and Anthropic wire formats with exact\nusage, scripted delays and faults, and a log of what it served at /sim/log.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := app.CheckLoopback("simulated provider's", listen); err != nil {
				return err
			}
			options := sim.Options{Keyless: keyless}
			if script != "" {
				data, err := os.ReadFile(script)
				if err != nil {
					return err
				}
				if options.Script, err = sim.ParseScript(script, data); err != nil {
					return &exitError{exitFault, err}
				}
			}
			server, err := sim.New(options)
			if err != nil {
				return err
			}
			running, err := server.Listen(listen)
			if err != nil {
				return &exitError{exitFault, app.ListenError("simulated provider's", listen, "--listen", err)}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "simulated provider: %s/v1, log at %s/sim/log\n", running.URL, running.URL)
			<-cmd.Context().Done()
			ctx, cancel := context.WithTimeout(context.Background(), app.Grace)
			defer cancel()
			return running.Shutdown(ctx)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9100", "loopback address to serve on")
	cmd.Flags().StringVar(&script, "script", "", "file of rules for answers and faults")
	cmd.Flags().BoolVar(&keyless, "keyless", false, "take requests without a credential")
	return cmd
}
