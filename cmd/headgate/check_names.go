package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/policy"
)

// wildcardReport says what a wildcard does.
type wildcardReport struct {
	Model   string        `json:"model"`
	Names   []string      `json:"names"` // that are known, sorted: clients see them in the list of models
	Example *namingReport `json:"example,omitempty"`
}

// namingReport says what is asked for a name.
type namingReport struct {
	Name string   `json:"name"`
	Uses []string `json:"uses"` // in the order of the chain, as backend/model
}

// reportWildcards says what the wildcards of a policy do, in the order of their names.
func reportWildcards(set *policy.Set) []wildcardReport {
	known := make(map[string][]string)
	for _, listed := range set.Listed() {
		known[listed.Model] = append(known[listed.Model], listed.Name)
	}
	all := []wildcardReport{}
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		m := set.Models[name]
		if !m.Wildcard {
			continue
		}
		r := wildcardReport{Model: name, Names: known[name]}
		if len(r.Names) > 0 {
			r.Example = &namingReport{Name: r.Names[0]}
			for _, u := range m.For(r.Names[0]).Uses() {
				if set.Priced(u, time.Now()) { // what has no price is not asked
					r.Example.Uses = append(r.Example.Uses, useName(u))
				}
			}
		} else {
			r.Names = []string{}
		}
		all = append(all, r)
	}
	return all
}

// printNames prints which names the wildcards of a policy answer, and what answers all others.
func printNames(w io.Writer, set *policy.Set) error {
	wildcards := reportWildcards(set)
	if len(wildcards) == 0 && set.Default == "" {
		return nil
	}
	fmt.Fprintln(w, "\nNames that stand nowhere:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range wildcards {
		if r.Example == nil {
			fmt.Fprintf(table, "  %s\tno name is known by its price, so that none is listed\n", r.Model)
			continue
		}
		fmt.Fprintf(table, "  %s\t%s known; %s asks %s\n", r.Model, counted(len(r.Names), "name"), r.Example.Name, strings.Join(r.Example.Uses, ", "))
	}
	if set.Default != "" {
		fmt.Fprintf(table, "  others\tare answered as %s\n", set.Default)
	}
	return table.Flush()
}
