package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/client"
)

func newBackend() *cobra.Command {
	var a adminFlags
	cmd := group("backend", "Act on the backends of a running gateway")
	a.register(cmd)
	cmd.AddCommand(newBackendReset(&a))
	return cmd
}

func newBackendReset(a *adminFlags) *cobra.Command {
	var by backends.Order
	cmd := &cobra.Command{
		Use:   "reset BACKEND --reason TEXT",
		Short: "Have every pair forget what it found out of a backend",
		Long: "Have every pair forget what it found out of a backend by asking it: limits that were\n" +
			"reached, credentials that were refused, that it refuses to stream. It is asked again at\n" +
			"once. That is for a quota that was raised, or a key that works again, before the time\n" +
			"that the provider named is over. What an Envoy has ejected comes back by itself." +
			"\n\nExit codes: 0 done, 1 a pair has not said that it has forgotten, or refused," + usageCode,
		Example: "  headgate backend reset openai --reason 'the quota is raised'",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			switch {
			case strings.TrimSpace(by.Reason) == "":
				return errors.New("a reset needs a reason: --reason")
			case strings.TrimSpace(by.Author) == "":
				return errors.New("a reset needs an author: --author")
			}
			r, err := api.ResetBackend(cmd.Context(), args[0], by)
			if err != nil {
				return err
			}
			err = a.print(cmd, r, func() error {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), resetText(r))
				return err
			})
			if err == nil && r.Silent > 0 {
				return &exitError{exitFault, nil}
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&by.Reason, "reason", "", "why, for the log")
	cmd.Flags().StringVar(&by.Author, "author", whoami(), "who, for the log")
	return cmd
}

// resetText says what became of a reset.
func resetText(r backends.Reset) string {
	text := fmt.Sprintf("forgotten by %d of %s: %s of %s", r.Pairs, counted(r.Pairs+r.Silent, "pair"), counted(r.Things, "thing"), clean(r.Backend))
	if r.Silent > 0 {
		text += fmt.Sprintf("\n%d did not say so: of a version before, or not in time", r.Silent)
	}
	if r.Elsewhere > 0 {
		text += fmt.Sprintf("\n%s of other control planes will hear of it within two seconds", counted(r.Elsewhere, "pair"))
	}
	return text
}
