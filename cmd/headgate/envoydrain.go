package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/envoy"
)

// envoyDrain are the flags of `headgate envoy drain`.
type envoyDrain struct {
	admin, successor string
	drain, quiet     time.Duration
	begins           time.Duration
}

func newEnvoyDrain() *cobra.Command {
	var o envoyDrain
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Let a standalone Envoy finish what is under way, and end it",
		Long: "Let a standalone Envoy finish what is under way, and end it: it accepts no more\n" +
			"connections, closes those that it has after the answers that are under way, and ends once\n" +
			"no client is connected, or none has asked anything for --quiet.\n\n" +
			"With --successor this begins once another Envoy listens wherever this one does, which\n" +
			"takes headgate extproc --share-port. If that one does not, this one serves on. An Envoy\n" +
			"that does not answer has ended: there is nothing to do then.\n\n" +
			exitCodes + "0 it has ended, 1 it has not in time, or the other does not listen,\n2 the command line is at fault.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(app.CheckSocket("--admin", o.admin), checkOptionalSocket("--successor", o.successor)); err != nil {
				return err
			}
			if o.drain <= 0 || o.quiet <= 0 || o.begins <= 0 {
				return errors.New("--drain, --quiet and --begins must be above 0")
			}
			return o.run(cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.admin, "admin", "", "Unix socket of the admin interface of the Envoy that ends (headgate envoy bootstrap --admin)")
	f.StringVar(&o.successor, "successor", "", "the same of the Envoy that takes its place; empty: none does")
	f.DurationVar(&o.drain, "drain", app.DefaultDrain, "how long answers that are under way may take to end")
	f.DurationVar(&o.quiet, "quiet", 10*time.Second, "how long clients may keep connections on which they ask nothing")
	f.DurationVar(&o.begins, "begins", 30*time.Second, "how long the other Envoy may take to listen")
	return cmd
}

func (o *envoyDrain) run(cmd *cobra.Command) error {
	ctx, old := cmd.Context(), envoy.NewStandalone(o.admin)
	if !old.Runs(ctx) {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "no Envoy answers at %s: there is nothing to drain\n", o.admin)
		return err
	}
	if o.successor != "" {
		limited, cancel := context.WithTimeout(ctx, o.begins)
		defer cancel()
		if err := envoy.NewStandalone(o.successor).AwaitListening(limited, old); err != nil {
			return &exitError{exitFault, err}
		}
	}
	limited, cancel := context.WithTimeout(ctx, o.drain)
	defer cancel()
	if err := old.DrainAndEnd(limited, o.quiet); err != nil {
		return &exitError{exitFault, fmt.Errorf("%s: %w", o.admin, err)}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "drained and ended the Envoy at %s\n", o.admin)
	return err
}
