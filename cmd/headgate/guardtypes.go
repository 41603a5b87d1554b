package main

import (
	"github.com/spf13/cobra"

	"github.com/headgate/headgate/extproc/guard/pii"
	"github.com/headgate/headgate/extproc/guard/secrets"
)

// findingType is a type of what a guard finds by rules.
type findingType struct {
	Guard   string `json:"guard"` // its kind
	Type    string `json:"type"`
	Default bool   `json:"default"` // looked for unless the policy names types
	About   string `json:"about"`
}

// findingTypes are all of them.
func findingTypes() (all []findingType) {
	for _, t := range pii.Types() {
		all = append(all, findingType{"pii", t.Name, t.Default, t.About})
	}
	for _, t := range secrets.Types() {
		all = append(all, findingType{"secrets", t.Name, t.Default, t.About})
	}
	return all
}

// ruleOf says by what rule a guard has found something; empty: it is a rule of the policy's own, or
// another's.
func ruleOf(kind, name string) string {
	for _, t := range findingTypes() {
		if t.Guard == kind && t.Type == name {
			return t.About
		}
	}
	return ""
}

func newGuardTypes() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "List what guards find by rules: the types that a policy can name",
		Long:  "List what guards find by rules: the types that a policy can name." + printingCodes,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), findingTypes())
			}
			var rows [][]string
			for _, t := range findingTypes() {
				rows = append(rows, []string{t.Guard, t.Type, map[bool]string{true: "yes", false: "no"}[t.Default], t.About})
			}
			return printTable(cmd.OutOrStdout(), "GUARD TYPE DEFAULT ABOUT", rows)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}
