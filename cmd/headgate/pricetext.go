package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
)

// printPrices prints prices as a table. What costs what its parent costs is a hyphen.
func printPrices(w io.Writer, all []priceReport) error {
	rows := make([][]string, len(all))
	for i := range all {
		r := &all[i]
		rows[i] = []string{
			pricedAt(r), cmp.Or(r.As, "usual"), heldFrom(r), r.PerMillion["input"], r.PerMillion["output"],
			cmp.Or(r.PerMillion["cache_read"], "-"), cacheWrites(r), besideTokens(r), listedBy(r),
		}
	}
	return printTable(w, "AT AS FROM IN OUT CACHED WRITTEN BESIDE SOURCE", rows)
}

// pricedAt says at which provider or backend a price holds, and of which model.
func pricedAt(r *priceReport) string {
	switch {
	case r.Provider != "":
		return r.Provider + "/" + r.Model
	case r.Backend != "":
		return r.Backend + "/" + r.Model
	}
	return r.Model
}

// heldFrom says from when on a price holds.
func heldFrom(r *priceReport) string {
	if r.From == nil {
		return "always"
	}
	if r.From.Equal(r.From.Truncate(24 * time.Hour)) {
		return r.From.Format(time.DateOnly)
	}
	return r.From.Format(time.RFC3339)
}

// cacheWrites are the prices of what is written to a cache for five minutes and for an hour.
func cacheWrites(r *priceReport) string {
	five, hour := r.PerMillion["cache_write_5m"], r.PerMillion["cache_write_1h"]
	switch {
	case five == "" && hour == "":
		return "-"
	case hour == "":
		return five
	}
	return cmp.Or(five, r.PerMillion["input"]) + ", 1h " + hour
}

// besideTokens says what else changes a price.
func besideTokens(r *priceReport) string {
	var all []string
	if sound := r.PerMillion["audio_input"]; sound != "" {
		all = append(all, "audio "+sound+" / "+cmp.Or(r.PerMillion["audio_output"], r.PerMillion["output"]))
	}
	if r.Long != nil {
		all = append(all, fmt.Sprintf("above %d: %s / %s", r.LongAbove, r.Long["input"], r.Long["output"]))
	}
	if r.Peak != nil {
		all = append(all, fmt.Sprintf("weekdays %s UTC: %s / %s", r.PeakUTCHours, r.Peak["input"], r.Peak["output"]))
	}
	return cmp.Or(strings.Join(all, "; "), "-")
}

// listedBy says who lists a price, since when, and what another says.
func listedBy(r *priceReport) string {
	text := r.Source
	if r.Listed != "" {
		text = r.Listed + " " + text
	}
	if r.Note != "" {
		text += " (" + r.Note + ")"
	}
	return text
}
