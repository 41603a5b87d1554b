package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/journal"
)

func newGuardShadow() *cobra.Command {
	var a adminFlags
	asked := guards.Asked{Mode: "shadow"}
	cmd := &cobra.Command{
		Use:   "shadow",
		Short: "Sum up what guards in shadow would have done",
		Long: `Sum up what guards in shadow would have done, by guard, by type of what they found and
by model: how many exchanges each saw, and how many it would have denied (with streams
that it would have cut), masked and flagged, or could not judge. Spans are whole hours
in UTC, the last 24 by default.

  headgate guard shadow
  headgate guard shadow --since 7d -o json

Exit codes: 0 done, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			r, err := api.Guards(cmd.Context(), &asked)
			if err != nil {
				return err
			}
			return a.print(cmd, r, func() error { return printShadow(cmd.OutOrStdout(), &r) })
		}),
	}
	a.register(cmd)
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	return cmd
}

// wouldDo are the columns of what guards would have done.
var wouldDo = []struct {
	name string
	of   []string // results
}{
	{"DENY", []string{"denied", "cut"}}, {"MASK", []string{"masked"}}, {"FLAG", []string{"flagged"}}, {"REPAIR", []string{"repaired"}}, {"UNDECIDED", []string{"error", "late"}},
}

// printShadow prints a table of guards, one of what they found, and one of models.
func printShadow(w io.Writer, r *guards.Report) error {
	const layout = "2006-01-02T15:04Z"
	if _, err := fmt.Fprintf(w, "What guards in shadow would have done from %s to %s\n\n", r.Since.UTC().Format(layout), r.Until.UTC().Format(layout)); err != nil {
		return err
	}
	if len(r.Guards) == 0 {
		_, err := fmt.Fprintln(w, "(no guard in shadow saw an exchange)")
		return err
	}
	var all, types, models [][]string
	for i := range r.Guards {
		g := &r.Guards[i]
		head := []string{clean(g.Guard), clean(g.Direction)}
		all = append(all, append([]string{head[0], clean(g.Kind), head[1]}, wouldHaveDone(&g.GuardResults)...))
		for _, t := range g.Types {
			types = append(types, append(head[:2:2], clean(t.Type), strconv.FormatInt(t.Exchanges, 10), strconv.FormatInt(t.Found, 10)))
		}
		if g.MoreTypes > 0 {
			types = append(types, append(head[:2:2], fmt.Sprintf("(%d more)", g.MoreTypes), "", ""))
		}
		for _, m := range g.Models {
			models = append(models, append(append(head[:2:2], orDash(m.Model)), wouldHaveDone(&m.GuardResults)...))
		}
	}
	return cmp.Or(printTable(w, "GUARD KIND DIRECTION "+wouldHaveHeader(), all), printUnder(w, "GUARD DIRECTION TYPE EXCHANGES FOUND", types),
		printUnder(w, "GUARD DIRECTION MODEL "+wouldHaveHeader(), models))
}

// printUnder prints a table under another one, unless it is empty.
func printUnder(w io.Writer, header string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return printTable(w, header, rows)
}

// wouldHaveHeader names what wouldHaveDone returns.
func wouldHaveHeader() string {
	names := []string{"SEEN"}
	for _, c := range wouldDo {
		names = append(names, c.name)
	}
	return strings.Join(names, " ")
}

func wouldHaveDone(r *journal.GuardResults) []string {
	out := []string{strconv.FormatInt(r.Exchanges, 10)}
	for _, c := range wouldDo {
		n := int64(0)
		for _, result := range c.of {
			n += r.Results[result]
		}
		out = append(out, strconv.FormatInt(n, 10))
	}
	return out
}
