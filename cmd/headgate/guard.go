package main

import "github.com/spf13/cobra"

func newGuard() *cobra.Command {
	cmd := group("guard", "Try and measure guards, and see what those in shadow would do")
	cmd.AddCommand(newGuardTry(), newGuardEval(), newGuardShadow(), newGuardTypes())
	return cmd
}
