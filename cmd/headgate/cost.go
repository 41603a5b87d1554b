package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/journal"
)

func newCost() *cobra.Command {
	var a adminFlags
	var asked costs.Asked
	var only []string
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Show what was consumed and what it costs, by user, model and more",
		Long: `Show what was consumed and what it costs, the dearest first, or in the order of
time. The columns count tokens: INPUT that came from no cache, CACHED that was read
from one, WRITTEN to one, and OUTPUT with reasoning. What no provider reported is
estimated, and is summed in ESTIMATED and ESTIMATED_USD, too; UNPRICED counts answers
whose price is not known. SAVED_USD is what answers from the cache cost when they were
first given, and HIT_RATE their share of the requests for which one was looked for; their
tokens are not counted again. Times are in UTC.

Dimensions: ` + strings.Join(journal.Dimensions(), ", ") + `.

  headgate cost --by user,model --since 1h
  headgate cost --by team --in 2026-06 -o csv
  headgate cost --by day --only model=assistant --since 30d
  headgate cost --by user --top 10

Exit codes: 0 done, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) (err error) {
		if asked.Only, err = valuesOf("--only", only, journal.Values()); err != nil {
			return err
		}
		r, err := api.Costs(cmd.Context(), &asked)
		if err != nil {
			return err
		}
		if a.output == "csv" {
			return printCostsAsCSV(cmd.OutOrStdout(), &r)
		}
		return a.print(cmd, r, func() error { return printCosts(cmd.OutOrStdout(), &r) })
	})
	a.register(cmd)
	a.alsoCSV(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&asked.By, "by", []string{"model"}, "dimensions, in their order")
	f.StringArrayVar(&only, "only", nil, "only what has this value, such as team=search; again: or that one")
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	f.IntVar(&asked.Top, "top", 0, "show so many of the dearest alone (default all)")
	f.BoolVar(&asked.Latency, "latency", false, "percentiles of the time to the first token and to the end, too")
	return cmd
}

// spanFlags are the flags that name a span of time.
func spanFlags(cmd *cobra.Command, since, until, in *string) {
	f := cmd.Flags()
	f.StringVar(since, "since", "", "a time, a day, a month, or a duration back from now such as 90m or 7d (default 24h)")
	f.StringVar(until, "until", "", "the same; that moment does not count (default: there is no end)")
	f.StringVar(in, "in", "", "a whole day or month, such as 2026-06-01 or 2026-06")
}

// valuesOf reads arguments of the form name=value.
func valuesOf(flag string, args, names []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, fmt.Errorf("%s must be name=value, is %q: names are %s", flag, arg, strings.Join(names, ", "))
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}
