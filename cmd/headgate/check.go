package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a policy file: every fault at once, with its place",
		Long:  "Check a policy file without a running gateway.\n\nExit codes: 0 the policy is valid, 1 it has faults, 2 it cannot be read.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := source.Load(args[0])
			var faults *policy.Faults
			switch {
			case errors.As(err, &faults):
				fmt.Fprintln(cmd.OutOrStdout(), faults.Error())
				return &exitError{exitFault, fmt.Errorf("%s: %d %s", args[0], len(faults.Faults), plural(len(faults.Faults), "fault"))}
			case err != nil:
				return &exitError{exitUsage, err}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: valid, revision %s: %d %s, %d %s\n", args[0], set.Revision,
				len(set.Models), plural(len(set.Models), "model"), len(set.Backends), plural(len(set.Backends), "backend"))
			return nil
		},
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
