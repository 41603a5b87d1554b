package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/client"
)

func newAudit() *cobra.Command {
	var a adminFlags
	asked := audits.Asked{Is: map[string]string{}}
	limit := 50
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List what was changed through the admin API: when, by whom, from what to what",
		Long: `List what was changed through the admin API, or should have been, the newest first: pushes,
rollbacks, weights, drains, purges and keys. A change of the policy's file is in headgate policy
history.

  headgate audit --since 7d --author ann
  headgate audit --action key.revoke -o json` + refusedCodes,
		Args: cobra.NoArgs,
	}
	values := map[string]*string{}
	for _, name := range audit.Fields() {
		values[name] = cmd.Flags().String(name, "", auditFlags[name])
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
		if limit < 1 {
			return fmt.Errorf("--limit must be above 0, is %d", limit)
		}
		for name, value := range values {
			if cmd.Flags().Changed(name) {
				asked.Is[name] = *value
			}
		}
		p, err := auditPages(cmd, api, &asked, limit)
		if err != nil {
			return err
		}
		return a.print(cmd, p, func() error { return printAudit(cmd, &p) })
	})
	a.register(cmd)
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	cmd.Flags().Lookup("since").Usage = "a time, a day, a month, or a duration back from now such as 90m or 7d (default: everything)"
	cmd.Flags().IntVar(&limit, "limit", limit, "list so many")
	cmd.Flags().StringVar(&asked.Cursor, "cursor", "", "go on from where another list ended")
	return cmd
}

// auditFlags are what a row is found by.
var auditFlags = map[string]string{
	"action":  "only this action, such as policy.push, policy.rollback, policy.overlay, key.create or key.revoke",
	"author":  "only what this person changed",
	"key":     "only what was changed with the admin key of this id; local is that of a control plane's own file",
	"outcome": "only what came of it: done, or the code of a failure such as conflict",
}

// auditPages asks for pages until there are so many rows.
func auditPages(cmd *cobra.Command, api *client.Client, asked *audits.Asked, limit int) (all audits.Page, err error) {
	all.Rows = []audit.Row{}
	for {
		asked.Limit = min(limit-len(all.Rows), perCall)
		p, err := api.Audit(cmd.Context(), asked)
		if err != nil {
			return all, err
		}
		all.Rows, all.Next = append(all.Rows, p.Rows...), p.Next
		if asked.Cursor = p.Next; p.Next == "" || len(all.Rows) >= limit {
			return all, nil
		}
	}
}

func printAudit(cmd *cobra.Command, p *audits.Page) error {
	var rows [][]string
	for i := range p.Rows {
		r := &p.Rows[i]
		rows = append(rows, []string{moment(r.At), orDash(r.Author), orDash(r.Key), clean(r.Action), clean(r.Outcome), orDash(r.Subject), change(r), orDash(r.Reason)})
	}
	if err := printTable(cmd.OutOrStdout(), "TIME AUTHOR KEY ACTION OUTCOME SUBJECT CHANGE REASON", rows); err != nil || p.Next == "" {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "(there are more: repeat it with --cursor %s)\n", clean(p.Next))
	return err
}

// change is what a change did in a column. What is longer than a revision is in the JSON.
func change(r *audit.Row) string {
	const revision = 12
	switch {
	case r.From == "" && r.To == "":
		return "-"
	case len(r.From) > revision || len(r.To) > revision:
		return "(-o json)"
	}
	return orDash(r.From) + " -> " + orDash(r.To)
}
