package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/cache/eval"
)

const cacheHitsHeader = "PRECISION HIT-RATE HITS BASIC:PRECISION HIT-RATE HITS STRICT:PRECISION HIT-RATE HITS"

// printCacheReport prints a report.
func printCacheReport(w io.Writer, file string, r *eval.Report) error {
	if _, err := fmt.Fprintf(w, "%s: %d pairs of %s, %d of them the same%s\n\n", clean(r.Embedder), r.Pairs, clean(file), r.Same, withoutVector(r)); err != nil {
		return err
	}
	var rows [][]string
	for _, t := range r.Thresholds {
		rows = append(rows, append([]string{strconv.FormatFloat(t.Threshold, 'f', -1, 64)}, byRulesOf(t.ByRules)...))
	}
	if err := printTable(w, "COSINE "+cacheHitsHeader, rows); err != nil {
		return err
	}
	if r.AUC != nil {
		fmt.Fprintf(w, "\nAUC %.4f\n", *r.AUC)
	}
	at := strconv.FormatFloat(r.Chosen, 'f', -1, 64)
	return cmp.Or(printUnder(w, "AT-"+at+":SOURCE PAIRS "+cacheHitsHeader, pointsBy(r.BySource)), printUnder(w, "AT-"+at+":WITHOUT PAIRS "+cacheHitsHeader, pointsBy(r.WithoutSource)),
		printUnder(w, "REFUSED-BY OF-THE-SAME OF-OTHERS", refusedOf(r.Refused)))
}

// withoutVector says which pairs never hit.
func withoutVector(r *eval.Report) string {
	if r.NoVector == 0 {
		return ""
	}
	return fmt.Sprintf(", %d without a vector", r.NoVector)
}

func byRulesOf(b eval.ByRules) (row []string) {
	for _, h := range []eval.Hits{b.None, b.Basic, b.Strict} {
		row = append(row, shareOf(h.Precision), shareOf(h.HitRate), strconv.Itoa(h.Hits))
	}
	return row
}

func pointsBy(all map[string]eval.Point) (rows [][]string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		rows = append(rows, append([]string{clean(name), strconv.Itoa(p.Pairs)}, byRulesOf(p.ByRules)...))
	}
	return rows
}

func refusedOf(all []eval.Refused) (rows [][]string) {
	for _, r := range all {
		rows = append(rows, []string{r.Rule, shareOf(r.Same), shareOf(r.Other)})
	}
	return rows
}
