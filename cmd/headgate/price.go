package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/source"
)

// priceReport is a price of a model, as it is listed.
type priceReport struct {
	Provider     string            `json:"provider,omitempty"` // empty: at every backend
	Backend      string            `json:"backend,omitempty"`  // of a price of the policy's
	Model        string            `json:"model"`
	As           string            `json:"as,omitempty"` // how it is served; empty: as usual
	ID           string            `json:"id"`
	From         *time.Time        `json:"valid_from,omitempty"` // absent: since ever
	PerMillion   map[string]string `json:"usd_per_million"`
	LongAbove    int64             `json:"long_above,omitempty"` // tokens of input
	Long         map[string]string `json:"long_usd_per_million,omitempty"`
	Peak         map[string]string `json:"peak_usd_per_million,omitempty"`
	PeakUTCHours string            `json:"peak_utc_hours,omitempty"` // of weekdays, such as 1-4 6-10
	Listed       string            `json:"listed,omitempty"`
	Source       string            `json:"source"`
	Note         string            `json:"note,omitempty"`
}

func newPrice() *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use:   "price MODEL",
		Short: "Show what a model costs, and who lists that",
		Long: `Show what a model costs, in USD for a million tokens: each price of the built-in
catalogue with its source and the day of that, those that are past or announced, too,
and those of service tiers, speeds and regions by the provider's own words for them.
With -f those that a policy gives come first: they replace the built-in ones.

  headgate price gpt-4o-mini
  headgate price claude-opus-5 -f policy.yaml -o json

Exit codes: 0 done, 1 no price is known,` + usageCode,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			catalogue, err := pricesOf(cmd.Context(), file)
			if err != nil {
				return err
			}
			all := reportPrices(catalogue, args[0])
			if len(all) == 0 {
				return &exitError{exitFault, fmt.Errorf("no price of %s is known: prices in a policy give it one", args[0])}
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), all)
			}
			return printPrices(cmd.OutOrStdout(), all)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "policy file, or folder of them, whose prices come first")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

// pricesOf returns the catalogue of a policy's file, or the built-in one.
func pricesOf(ctx context.Context, file string) (*price.Catalogue, error) {
	if file == "" {
		return price.Builtin(), nil
	}
	set, err := source.LoadOnce(ctx, file)
	if err != nil {
		return nil, failed(err)
	}
	return set.Prices, nil
}

// reportPrices lists the prices of a model: the operator's, then those that are built in.
func reportPrices(catalogue *price.Catalogue, model string) []priceReport {
	var all []priceReport
	for _, o := range catalogue.Overrides() {
		if o.Model == model || o.Model == price.Undated(model) {
			r := reportPrice(&o.Price)
			r.Backend, r.Model, r.Source = o.Backend, o.Model, "the policy"
			all = append(all, r)
		}
	}
	for _, row := range catalogue.Rows(model) {
		r := reportPrice(&row.Price)
		r.Provider, r.Model, r.As = row.Provider, row.Model, row.As
		r.Listed, r.Source, r.Note = row.Listed, row.Source, row.Note
		all = append(all, r)
	}
	return all
}

func reportPrice(p *price.Price) priceReport {
	r := priceReport{ID: p.ID, PerMillion: perMillion(p)}
	if !p.ValidFrom.IsZero() {
		r.From = &p.ValidFrom
	}
	if p.Long != nil {
		r.LongAbove, r.Long = p.LongAbove, perMillion(p.Long)
	}
	if p.Peak != nil {
		r.Peak, r.PeakUTCHours = perMillion(p.Peak.Price), p.Peak.Hours.String()
	}
	return r
}

// perMillion are the buckets of a price, by the keys that a policy has for them. One that costs
// what its parent costs is left out.
func perMillion(p *price.Price) map[string]string {
	all := map[string]string{"input": p.Input.PerMillion(), "output": p.Output.PerMillion()}
	for _, b := range []struct {
		name      string
		is, above price.Pico
	}{
		{"cache_read", p.CacheRead, p.Input}, {"cache_write_5m", p.CacheWrite5m, p.Input}, {"cache_write_1h", p.CacheWrite1h, p.Input},
		{"audio_input", p.AudioInput, p.Input}, {"audio_output", p.AudioOutput, p.Output},
	} {
		if b.is != b.above {
			all[b.name] = b.is.PerMillion()
		}
	}
	return all
}
