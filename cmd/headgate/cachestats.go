package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/journal"
)

func newCacheStats() *cobra.Command {
	var a adminFlags
	var asked caches.Asked
	var models []string
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Sum up what the cache gave and saved, and how often it was wrong",
		Long: `Sum up what the cache gave and saved: LOOKUPS are requests for which an answer was looked
for, HITS those to which one was given: EXACT to an equal request, SEMANTIC to one that
means the same, COALESCED while an equal one was under way. SAVED_USD is what these
answers cost when they were first given, SAVED_S by how many seconds sooner they were
there. WRONG is the share of the hits that were asked anew (verify of the policy) whose
fresh answer says something else, with its 95 % interval; of these, SEMANTIC are those of
questions that were worded otherwise. Spans are whole hours in UTC, the last 24 by default.

Dimensions: ` + strings.Join(journal.CacheDimensions(), ", ") + `.

  headgate cache stats
  headgate cache stats --model faq --by day --since 7d -o json

Exit codes: 0 done, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			asked.Only = onlyModels(models)
			r, err := api.Cache(cmd.Context(), &asked)
			if err != nil {
				return err
			}
			return a.print(cmd, r, func() error { return printCacheStats(cmd.OutOrStdout(), &r) })
		}),
	}
	a.register(cmd)
	modelFlag(cmd, &models)
	cmd.Flags().StringSliceVar(&asked.By, "by", []string{"model"}, "dimensions, in their order")
	spanFlags(cmd, &asked.Since, &asked.Until, &asked.In)
	return cmd
}

// modelFlag is the flag that names models of the policy.
func modelFlag(cmd *cobra.Command, models *[]string) {
	cmd.Flags().StringArrayVar(models, "model", nil, "only this model; again: or that one")
}

func onlyModels(models []string) map[string][]string {
	if len(models) == 0 {
		return nil
	}
	return map[string][]string{"model": models}
}

// spanText is the span of a report of whole hours.
func spanText(r *caches.Report) string {
	const layout = "2006-01-02T15:04Z"
	return r.Since.UTC().Format(layout) + " to " + r.Until.UTC().Format(layout)
}

// printCacheStats prints a table of what was given, one of what was verified, and one of reasons.
func printCacheStats(w io.Writer, r *caches.Report) error {
	if _, err := fmt.Fprintf(w, "What the cache made of exchanges from %s\n\n", spanText(r)); err != nil {
		return err
	}
	if len(r.Rows) == 0 {
		_, err := fmt.Fprintln(w, "(no exchange had to do with a cache)")
		return err
	}
	var verified [][]string
	for _, l := range withTotal(r) {
		if l.sum.Verified.Wrong != nil {
			verified = append(verified, append(l.of, verdictOf(&l.sum.Verified), verdictOf(&l.sum.Semantic)))
		}
	}
	by := strings.ToUpper(strings.Join(r.By, " "))
	return cmp.Or(printTable(w, by+" "+givenHeader, givenRows(r)), printUnder(w, by+" WRONG SEMANTIC", verified), printUnder(w, "WHAT WHY EXCHANGES", whyRows(&r.Total)))
}

// reportLine is a line of a table: a row of a report or its total.
type reportLine struct {
	of  []string
	sum *journal.CacheSum
}

func withTotal(r *caches.Report) (all []reportLine) {
	for i := range r.Rows {
		var of []string
		for _, name := range r.By {
			of = append(of, shortened(orDash(r.Rows[i].Of[name])))
		}
		all = append(all, reportLine{of, &r.Rows[i].CacheSum})
	}
	total := make([]string, len(r.By))
	total[0] = "TOTAL"
	return append(all, reportLine{total, &r.Total})
}

// givenHeader names what givenRows returns after the dimensions.
const givenHeader = "LOOKUPS HITS HIT_RATE EXACT SEMANTIC COALESCED SHADOW SAVED_USD SAVED_S STORED"

func givenRows(r *caches.Report) (rows [][]string) {
	for _, l := range withTotal(r) {
		s := l.sum
		count := func(n int64) string { return strconv.FormatInt(n, 10) }
		rows = append(rows, append(l.of, count(s.Lookups), count(s.Hits), percent(s.HitRate), count(s.Results["hit"]), count(s.Results["semantic_hit"]), count(s.Results["coalesced"]),
			count(s.Shadow.Hits), price.FormatNano(s.SavedNano), oneDecimal(s.SavedS), count(s.Stored)))
	}
	return rows
}

// whyRows are the reasons of a sum, the most frequent first.
func whyRows(s *journal.CacheSum) (rows [][]string) {
	for _, list := range []struct {
		what    string
		reasons map[string]int64
	}{{"no_hit", s.Reasons}, {"not_stored", s.NotStored}} {
		names := slices.SortedFunc(maps.Keys(list.reasons), func(a, b string) int {
			return cmp.Or(cmp.Compare(list.reasons[b], list.reasons[a]), cmp.Compare(a, b))
		})
		for _, name := range names {
			rows = append(rows, []string{list.what, clean(name), strconv.FormatInt(list.reasons[name], 10)})
		}
	}
	return rows
}

// verdictOf says which share of hits was wrong.
func verdictOf(v *journal.CacheVerdict) string {
	if v.Wrong == nil {
		return "-"
	}
	return fmt.Sprintf("%d of %d, %s (%s to %s)", v.Other, v.Same+v.Other, percent(v.Wrong), percent(v.Low), percent(v.High))
}

// percent is a share; nil: of nothing.
func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return oneDecimal(*share*100) + "%"
}

func oneDecimal(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
