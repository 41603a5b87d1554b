package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

// shadowLooks is among how many hits in shadow, the newest, the least similar ones are looked for.
const shadowLooks = 1000

// cacheShadow is what caches in shadow would have done.
type cacheShadow struct {
	caches.Report
	Lowest []journal.Exchange `json:"lowest"` // hits in shadow whose questions are the least similar
}

func newCacheShadow() *cobra.Command {
	var a adminFlags
	asked := caches.Asked{By: []string{"model"}}
	var models []string
	var lowest int
	cmd := &cobra.Command{
		Use:   "shadow",
		Short: "Sum up what caches in shadow would have given, and what that would have saved",
		Long: `Sum up what caches in shadow would have given, by model: how many hits there would have
been, of equal requests (EXACT) and of questions that were worded otherwise (SEMANTIC),
which share of the lookups that is, and what those answers cost and how long they took:
that would have been saved. Then it lists the hits whose questions are the least similar,
of the newest ` + strconv.Itoa(shadowLooks) + `: those to look at first, by headgate cache why EXCHANGE. Spans are whole
hours in UTC, the last 24 by default.

  headgate cache shadow
  headgate cache shadow --model faq --since 7d --lowest 50

Exit codes: 0 done, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) (err error) {
		if lowest < 0 {
			return fmt.Errorf("--lowest must not be below 0, is %d", lowest)
		}
		var s cacheShadow
		asked.Only = onlyModels(models)
		if s.Report, err = api.Cache(cmd.Context(), &asked); err != nil {
			return err
		}
		if s.Lowest, err = leastSimilar(cmd, api, &asked, models, lowest); err != nil {
			return err
		}
		return a.print(cmd, s, func() error { return printCacheShadow(cmd.OutOrStdout(), &s) })
	})
	a.register(cmd)
	modelFlag(cmd, &models)
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	cmd.Flags().IntVar(&lowest, "lowest", 10, "list so many hits whose questions are the least similar")
	return cmd
}

// leastSimilar are n hits in shadow whose questions are the least similar, of the newest.
func leastSimilar(cmd *cobra.Command, api *client.Client, in *caches.Asked, models []string, n int) ([]journal.Exchange, error) {
	asked := exchanges.Asked{Is: map[string][]string{"cache": {"shadow_hit"}}, Since: in.Since, Until: in.Until, In: in.In}
	if len(models) > 0 {
		asked.Is["model"] = models
	}
	p, err := pages(cmd, api, &asked, shadowLooks)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(p.Exchanges, func(e journal.Exchange) bool { return e.Cache == nil || e.Cache.Similarity == nil })
	slices.SortStableFunc(all, func(a, b journal.Exchange) int { return cmp.Compare(*a.Cache.Similarity, *b.Cache.Similarity) })
	return all[:min(n, len(all))], nil
}

// printCacheShadow prints a table of models, and one of exchanges.
func printCacheShadow(w io.Writer, s *cacheShadow) error {
	if _, err := fmt.Fprintf(w, "What caches in shadow would have given from %s\n\n", spanText(&s.Report)); err != nil {
		return err
	}
	if s.Total.Shadow.Hits == 0 {
		_, err := fmt.Fprintln(w, "(no cache in shadow would have given an answer)")
		return err
	}
	var models, all [][]string
	for _, l := range withTotal(&s.Report) {
		if c := &l.sum.Shadow; c.Hits > 0 {
			share := float64(c.Hits) / float64(l.sum.Lookups)
			models = append(models, append(l.of, strconv.FormatInt(l.sum.Lookups, 10), strconv.FormatInt(c.Hits, 10), percent(&share),
				strconv.FormatInt(c.Hits-c.Semantic, 10), strconv.FormatInt(c.Semantic, 10), price.FormatNano(c.Nano), oneDecimal(c.Seconds)))
		}
	}
	for i := range s.Lowest {
		e := &s.Lowest[i]
		all = append(all, []string{similarityOf(e.Cache), clean(e.Exchange), shortened(orDash(e.Model)), orDash(e.Cache.Entry), orDash(e.Cache.Source)})
	}
	return cmp.Or(printTable(w, "MODEL LOOKUPS WOULD-HIT SHARE EXACT SEMANTIC WOULD-SAVE_USD WOULD-SAVE_S", models), printUnder(w, "SIMILARITY EXCHANGE MODEL ENTRY FIRST-GIVEN-TO", all))
}

// similarityOf is how similar both questions are.
func similarityOf(c *journal.Cache) string {
	if c.Similarity == nil {
		return "-"
	}
	return strconv.FormatFloat(*c.Similarity, 'f', 4, 64)
}
