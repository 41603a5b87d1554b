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
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and from which commit it was built",
		Long:  "Print the version, the commit that it was built from with its date, and the version of Go." + printingCodes,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch output {
			case "text":
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "headgate", build())
				return err
			case "json":
				return printJSON(cmd.OutOrStdout(), build())
			default:
				return fmt.Errorf("output %q: must be text or json", output)
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, or json for programs")
	return cmd
}
