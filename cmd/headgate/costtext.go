package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/journal"
)

// costColumn is a column of costs.
type costColumn struct {
	name string
	of   func(*journal.Cost) string
}

func counts(of func(*journal.Cost) int64) func(*journal.Cost) string {
	return func(c *journal.Cost) string { return strconv.FormatInt(of(c), 10) }
}

func usd(of func(*journal.Cost) int64) func(*journal.Cost) string {
	return func(c *journal.Cost) string { return price.FormatNano(of(c)) }
}

func inSeconds(of func(*journal.Cost) float64) func(*journal.Cost) string {
	return func(c *journal.Cost) string { return strconv.FormatFloat(of(c), 'f', 3, 64) }
}

// inTable are the columns that people read.
var inTable = []costColumn{
	{"requests", counts(func(c *journal.Cost) int64 { return c.Requests })},
	{"failed", counts(func(c *journal.Cost) int64 {
		return c.Failed.Client + c.Failed.Gateway + c.Failed.Provider + c.Failed.Unknown
	})},
	{"input", counts(func(c *journal.Cost) int64 { return c.Tokens.Input + c.Tokens.AudioInput })},
	{"cached", counts(func(c *journal.Cost) int64 { return c.Tokens.CacheRead })},
	{"written", counts(func(c *journal.Cost) int64 { return c.Tokens.CacheWrite5m + c.Tokens.CacheWrite1h })},
	{"output", counts(func(c *journal.Cost) int64 { return c.Tokens.Output + c.Tokens.Reasoning + c.Tokens.AudioOutput })},
	{"cost_usd", usd(func(c *journal.Cost) int64 { return c.Nano })},
}

// hitRate is the share of the requests for which an answer was looked for in the cache that got it.
func hitRate(c *journal.Cost) string {
	if c.Lookups == 0 {
		return "-"
	}
	return percent(new(float64(c.Hits) / float64(c.Lookups)))
}

// ifAny are columns of a table in which not all is 0.
var ifAny = []costColumn{
	{"saved_usd", usd(func(c *journal.Cost) int64 { return c.Saved })},
	{"unpriced", counts(func(c *journal.Cost) int64 { return c.Unpriced })},
	{"estimated", counts(func(c *journal.Cost) int64 { return c.Estimated })},
	{"estimated_usd", usd(func(c *journal.Cost) int64 { return c.EstimatedNano })},
}

// inCSV are the columns that programs read: they stay as they are.
var inCSV = append([]costColumn{
	{"requests", counts(func(c *journal.Cost) int64 { return c.Requests })},
	{"failed_client", counts(func(c *journal.Cost) int64 { return c.Failed.Client })},
	{"failed_gateway", counts(func(c *journal.Cost) int64 { return c.Failed.Gateway })},
	{"failed_provider", counts(func(c *journal.Cost) int64 { return c.Failed.Provider })},
	{"failed_unknown", counts(func(c *journal.Cost) int64 { return c.Failed.Unknown })},
	{"input", counts(func(c *journal.Cost) int64 { return c.Tokens.Input })},
	{"cache_read", counts(func(c *journal.Cost) int64 { return c.Tokens.CacheRead })},
	{"cache_write_5m", counts(func(c *journal.Cost) int64 { return c.Tokens.CacheWrite5m })},
	{"cache_write_1h", counts(func(c *journal.Cost) int64 { return c.Tokens.CacheWrite1h })},
	{"audio_input", counts(func(c *journal.Cost) int64 { return c.Tokens.AudioInput })},
	{"output", counts(func(c *journal.Cost) int64 { return c.Tokens.Output })},
	{"reasoning", counts(func(c *journal.Cost) int64 { return c.Tokens.Reasoning })},
	{"audio_output", counts(func(c *journal.Cost) int64 { return c.Tokens.AudioOutput })},
	{"searches", counts(func(c *journal.Cost) int64 { return c.Searches })},
	{"cost_usd", usd(func(c *journal.Cost) int64 { return c.Nano })},
}, append(slices.Clone(ifAny), []costColumn{
	{"cache_lookups", counts(func(c *journal.Cost) int64 { return c.Lookups })},
	{"cache_hits", counts(func(c *journal.Cost) int64 { return c.Hits })},
}...)...)

// measured are the columns of percentiles, in seconds.
var measured = []costColumn{
	{"first_token_p50", inSeconds(func(c *journal.Cost) float64 { return c.FirstToken.P50 })},
	{"first_token_p95", inSeconds(func(c *journal.Cost) float64 { return c.FirstToken.P95 })},
	{"first_token_p99", inSeconds(func(c *journal.Cost) float64 { return c.FirstToken.P99 })},
	{"duration_p50", inSeconds(func(c *journal.Cost) float64 { return c.Duration.P50 })},
	{"duration_p95", inSeconds(func(c *journal.Cost) float64 { return c.Duration.P95 })},
	{"duration_p99", inSeconds(func(c *journal.Cost) float64 { return c.Duration.P99 })},
}

// printCosts prints a report as a table, whose last line is the sum.
func printCosts(w io.Writer, r *costs.Report) error {
	columns := slices.Clone(inTable)
	for _, c := range ifAny {
		if c.of(&r.Total) != "0" {
			columns = append(columns, c)
		}
	}
	if r.Total.Lookups > 0 && !slices.Contains(r.By, "backend") && !slices.Contains(r.By, "provider") { // which hits have none of
		columns = append(columns, costColumn{"hit_rate", hitRate})
	}
	if r.Total.Duration != nil {
		columns = append(columns, measured...)
	}
	var rows [][]string
	for i := range r.Rows {
		var row []string
		for _, value := range r.Rows[i].Of {
			row = append(row, shortened(orDash(value)))
		}
		rows = append(rows, append(row, values(columns, &r.Rows[i].Cost)...))
	}
	total := make([]string, len(r.By))
	if len(total) > 0 {
		total[0] = "TOTAL"
	}
	rows = append(rows, append(total, values(columns, &r.Total)...))
	if err := printTable(w, strings.ToUpper(strings.Join(header(r.By, columns), " ")), rows); err != nil || r.More == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "(%d more are in the total)\n", r.More)
	return err
}

// maxShown is how much of a name a table shows, in runes.
const maxShown = 48

// shortened cuts what is too long for a table.
func shortened(text string) string {
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return string([]rune(text)[:maxShown-1]) + "…"
}

func printCostsAsCSV(w io.Writer, r *costs.Report) error {
	columns := inCSV
	if r.Total.Duration != nil {
		columns = slices.Concat(inCSV, measured)
	}
	out := csv.NewWriter(w)
	_ = out.Write(header(r.By, columns)) // the error is Error's
	for i := range r.Rows {
		var row []string
		for _, value := range r.Rows[i].Of {
			if isTerminal(w) {
				value = clean(value)
			}
			row = append(row, harmless(value))
		}
		_ = out.Write(append(row, values(columns, &r.Rows[i].Cost)...))
	}
	out.Flush()
	return out.Error()
}

// harmless makes a text of others one that no spreadsheet takes for a formula: OWASP, "CSV
// Injection".
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func header(by []string, columns []costColumn) []string {
	names := slices.Clone(by)
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

func values(columns []costColumn, c *journal.Cost) []string {
	out := make([]string, len(columns))
	for i := range columns {
		out[i] = columns[i].of(c)
	}
	return out
}
