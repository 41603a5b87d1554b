package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

func newExchanges() *cobra.Command {
	var a adminFlags
	var asked exchanges.Asked
	var limit int
	cmd := &cobra.Command{
		Use:   "exchanges",
		Short: "List exchanges, the newest first: who asked, who answered, how it ended, what it cost",
		Long: `List exchanges that have ended, the newest first. A cost with ~ is estimated; the backend
(cache) is none: the answer came from the cache. What one of them did is shown by headgate
trace; headgate tail follows what comes.

  headgate exchanges --failed-by provider --since 1h
  headgate exchanges --user ann --model assistant --slower 10s
  headgate exchanges --dearer 0.5 --in 2026-06-01
  headgate exchanges --status 5xx --status 0
  headgate exchanges --blocked --guard cards
  headgate exchanges --cache hit --model faq
  headgate exchanges --request-id 7f3c2a10

Exit codes: 0 done, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
	}
	filter := filterFlags(cmd, &asked)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
		if limit < 1 {
			return fmt.Errorf("--limit must be above 0, is %d", limit)
		}
		filter()
		p, err := pages(cmd, api, &asked, limit)
		if err != nil {
			return err
		}
		return a.print(cmd, p, func() error {
			var rows [][]string
			for i := range p.Exchanges {
				rows = append(rows, lineOf(&p.Exchanges[i]))
			}
			if err := printTable(cmd.OutOrStdout(), exchangeHeader, rows); err != nil || p.Next == "" {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "(there are more: repeat it with --cursor %s)\n", clean(p.Next))
			return err
		})
	})
	a.register(cmd)
	f := cmd.Flags()
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	f.IntVar(&limit, "limit", 50, "list so many")
	f.StringVar(&asked.Cursor, "cursor", "", "go on from where another list ended")
	return cmd
}

// perCall is how many exchanges one call of the API answers.
const perCall = 1000

// pages asks for pages until there are so many exchanges.
func pages(cmd *cobra.Command, api *client.Client, asked *exchanges.Asked, limit int) (*journal.Page, error) {
	all := &journal.Page{Exchanges: []journal.Exchange{}}
	for {
		asked.Limit = min(limit-len(all.Exchanges), perCall)
		p, err := api.Exchanges(cmd.Context(), asked)
		if err != nil {
			return nil, err
		}
		all.Exchanges, all.Next = append(all.Exchanges, p.Exchanges...), p.Next
		if asked.Cursor = p.Next; p.Next == "" || len(all.Exchanges) >= limit {
			return all, nil
		}
	}
}

// filterFlags are the flags that say which exchanges are wanted. What they say is in asked once
// the function that it returns was called.
func filterFlags(cmd *cobra.Command, asked *exchanges.Asked) func() {
	f, names := cmd.Flags(), append(journal.Fields(), "status")
	values := make([][]string, len(names))
	for i, name := range names {
		usage := "only this " + strings.ReplaceAll(name, "_", " ") + "; again: or that one"
		switch name {
		case "status":
			usage = "only this status, such as 503 or 5xx, or 0 if none was sent; again: or that one"
		case "guard":
			usage = "only what this guard had something against or could not judge; again: or that one"
		case "cache":
			usage = "only what this came of in the cache: hit (an answer was given), exact, semantic_hit or coalesced (how), miss, shadow_hit, verified, bypassed; again: or that one"
		case "request_id":
			usage = "only what its client, or a hop before the gateway, gave this id in x-client-request-id or x-request-id; again: or that one"
		case "trace_id":
			usage = "only what is part of this trace, by the 32 digits in its traceparent; again: or that one"
		case "limited_by":
			usage = "only what this limit refused, such as \"tier free tokens\"; again: or that one"
		case "price":
			usage = "only what was charged by this price, such as provider (what the provider itself says); again: or that one"
		case "entry":
			usage = "only what was given this entry of the cache, has it as the nearest, or was kept as it; again: or that one"
		}
		f.StringArrayVar(&values[i], strings.ReplaceAll(name, "_", "-"), nil, usage)
	}
	f.StringVar(&asked.Slower, "slower", "", "only what took at least so long, such as 10s")
	f.StringVar(&asked.Dearer, "dearer", "", "only what cost at least so many USD, such as 0.25")
	blocked := f.Bool("blocked", false, "only what a guard refused, as --outcome blocked")
	f.BoolVar(&asked.Failed, "failed", false, "only what somebody failed")
	f.BoolVar(&asked.Estimated, "estimated", false, "only what no provider reported")
	f.BoolVar(&asked.Unpriced, "unpriced", false, "only what has no known price")
	return func() {
		asked.Is = map[string][]string{}
		for i, name := range names {
			if len(values[i]) > 0 {
				asked.Is[name] = values[i]
			}
		}
		if results := asked.Is["cache"]; len(results) > 0 {
			asked.Is["cache"] = resultsOf(results)
		}
		if *blocked {
			asked.Is["outcome"] = append(asked.Is["outcome"], "blocked")
		}
	}
}

// resultsOf are the results of the cache that names stand for: hit for all by which an answer was
// given, and exact for that of an equal request.
func resultsOf(names []string) (results []string) {
	for _, name := range names {
		switch name {
		case "hit":
			results = append(results, "hit", "semantic_hit", "coalesced")
		case "exact":
			results = append(results, "hit")
		default:
			results = append(results, name)
		}
	}
	return results
}
