package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/journal"
)

func newCost() *cobra.Command {
	var a adminFlags
	var by, only []string
	var since, until string
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Show what was consumed and what it costs, by user, model and more",
		Long: "Show what was consumed and what it costs in whole hours, the dearest first.\n\nDimensions: " + strings.Join(journal.Dimensions(), ", ") +
			".\n\nExit codes: 0 done, 1 refused," + usageCode,
		Args: cobra.NoArgs,
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
		q := url.Values{"by": {strings.Join(by, ",")}, "since": {since}}
		if until != "" {
			q.Set("until", until)
		}
		for _, o := range only {
			name, value, _ := strings.Cut(o, "=")
			q.Set(name, value)
		}
		text, err := api.Costs(cmd.Context(), q)
		if err != nil {
			return err
		}
		if a.output == "json" {
			return printJSON(cmd.OutOrStdout(), text)
		}
		return printCosts(cmd.OutOrStdout(), text, by, a.output == "csv")
	})
	a.register(cmd)
	a.alsoCSV(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&by, "by", []string{"model"}, "dimensions, in their order")
	f.StringSliceVar(&only, "only", nil, "only what has this value, such as team=search")
	f.StringVar(&since, "since", "24h", "a time, or a duration back from now")
	f.StringVar(&until, "until", "", "a time, or a duration back from now (default now)")
	return cmd
}

// costReport is what the admin API answers: rows with a key for each dimension.
type costReport struct {
	Rows  []json.RawMessage `json:"rows"`
	Total journal.Cost      `json:"total"`
}

// printCosts prints a report as a table, whose last line is the sum, or as CSV.
func printCosts(w io.Writer, text []byte, by []string, asCSV bool) error {
	var r costReport
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	header := append(slices.Clone(by), "requests", "input", "cached", "output", "cost_usd", "unpriced")
	var rows [][]string
	for _, line := range r.Rows {
		of := map[string]any{}
		var c journal.Cost
		d := json.NewDecoder(bytes.NewReader(line))
		if err := d.Decode(&of); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		var values []string
		for _, name := range by {
			values = append(values, fmt.Sprint(of[name]))
		}
		rows = append(rows, append(values, sumsOf(&c)...))
	}
	if asCSV {
		out := csv.NewWriter(w)
		_ = out.Write(header) // the error is Error's
		_ = out.WriteAll(rows)
		return out.Error()
	}
	for _, row := range rows {
		for i := range row {
			row[i] = orDash(row[i])
		}
	}
	total := append(slices.Repeat([]string{""}, len(by)), sumsOf(&r.Total)...)
	if len(by) > 0 {
		total[0] = "TOTAL"
	}
	return printTable(w, strings.ToUpper(strings.Join(header, " ")), append(rows, total))
}

func sumsOf(c *journal.Cost) []string {
	t := &c.Tokens
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{number(c.Requests), number(t.Input + t.AudioInput + t.CacheWrite5m + t.CacheWrite1h), number(t.CacheRead),
		number(t.Output + t.Reasoning + t.AudioOutput), price.FormatNano(c.Nano), number(c.Unpriced)}
}
