package main

import (
	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
)

func newCachePurges() *cobra.Command {
	var a adminFlags
	cmd := &cobra.Command{
		Use:   "purges",
		Short: "List the purges of the cache that are in effect, the newest first",
		Long: `List the purges of the cache that are in effect, the newest first. One is for 30 days, as
long as an answer can be kept, or until a later one contains it. headgate audit --action
cache.purge lists all that were ever asked for.` + refusedCodes,
		Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			all, err := api.Purges(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(cmd, all, func() error {
				var rows [][]string
				for i := range all.Purges {
					p := &all.Purges[i]
					rows = append(rows, []string{clean(p.ID), moment(p.At), clean(p.Selection.String()), orDash(p.By), day(p.Until), orDash(p.Reason)})
				}
				return printTable(cmd.OutOrStdout(), "ID AT OF BY UNTIL REASON", rows)
			})
		}),
	}
	a.register(cmd)
	return cmd
}
