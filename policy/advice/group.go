package advice

import (
	"fmt"
	"maps"
	"slices"

	"github.com/headgate/headgate/policy"
)

// Group is several models with equal chains and settings, so that all that there is to say
// of one holds for each of them.
type Group struct {
	Models []string // sorted, at least one
	Chain  Chain    // of the first model
}

// Finding is advice about a model, and how many others it holds for as well.
type Finding struct {
	Advice
	Alike int // further models of the group
}

// String returns the advice as Advice.String does, with how many others it holds for.
func (f Finding) String() string {
	switch f.Alike {
	case 0:
		return f.Advice.String()
	case 1:
		return f.text(" (and 1 model like it)")
	}
	return f.text(fmt.Sprintf(" (and %d models like it)", f.Alike))
}

// Title names the models of the group, at most three of them.
func (g Group) Title() string {
	names := g.Models
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n > 3:
		names = []string{names[0], names[1], fmt.Sprintf("%d more", n-2)}
	}
	return "models " + list(names, "and")
}

// Groups returns the models in groups, in the order of their first names, and what is
// advised of the policy and of each group: notes, then warnings.
func Groups(set *policy.Set, e Expectation) ([]Group, []Finding) {
	var groups []Group
	index := make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		m := set.Models[name]
		alike := m.Written() + elsewhere(set, m)
		i, known := index[alike]
		if !known {
			i = len(groups)
			index[alike] = i
			groups = append(groups, Group{Chain: explain(m, set.Stall)})
		}
		groups[i].Models = append(groups[i].Models, name)
	}
	var found []Finding
	for _, a := range ofAll(set) {
		found = append(found, Finding{Advice: a})
	}
	for _, g := range groups {
		for _, a := range about(set, set.Models[g.Models[0]], e) {
			found = append(found, Finding{a, len(g.Models) - 1})
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return warningsLast(a.Advice, b.Advice) })
	return groups, found
}
