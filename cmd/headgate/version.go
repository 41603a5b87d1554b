package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
)

// version is set by the linker for releases. So are commit and the time of it, RFC 3339, by make build.
var (
	version           = "dev"
	commit, committed string
)

// build is what this binary was built from.
func build() app.Build { return app.ReadBuild(version, commit, committed) }

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and from which commit it was built",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), "headgate", build())
		},
	}
}
