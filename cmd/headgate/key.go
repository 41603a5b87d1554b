package main

import (
	"github.com/spf13/cobra"
)

func newKey() *cobra.Command {
	cmd := group("key", "Make the keys that callers ask with")
	cmd.AddCommand(newKeyHash())
	return cmd
}
