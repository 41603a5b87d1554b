package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// backendReport says where a backend is asked for chat.
type backendReport struct {
	Backend string `json:"backend"`
	URL     string `json:"url,omitempty"` // empty: the simulated provider answers
}

// reportBackends returns where each backend of a policy is asked, by name.
func reportBackends(set *policy.Set) []backendReport {
	all := []backendReport{}
	for _, name := range slices.Sorted(maps.Keys(set.Backends)) {
		b := set.Backends[name]
		r := backendReport{Backend: name}
		if b.URL != nil {
			r.URL = b.URL.Scheme + "://" + b.URL.Host + b.PathPrefix() + dialect.ByName(b.Dialect).Path(exchange.Chat, "", false)
		}
		all = append(all, r)
	}
	return all
}

// printBackends prints where the backends are asked, a line each.
func printBackends(w io.Writer, set *policy.Set) error {
	if len(set.Backends) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nbackends are asked at:\n")
	for _, r := range reportBackends(set) {
		if r.URL == "" {
			r.URL = "the simulated provider"
		}
		fmt.Fprintf(table, "  %s\t%s\n", r.Backend, r.URL)
	}
	return table.Flush()
}
