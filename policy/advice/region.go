package advice

import (
	"slices"

	"github.com/headgate/headgate/policy"
)

// outside notes what a model that keeps to regions leaves out: nobody counts on a fallback
// that is never asked.
func outside(set *policy.Set, m *policy.Model) []Advice {
	if len(set.Elsewhere(m.Name)) == 0 {
		return nil
	}
	return []Advice{give(OutsideRegions, m.Path()+".regions_only", "", "never asked, whatever fails: %s", elsewhere(set, m))}
}

// elsewhere names what the document says of a model outside its regions, each once.
func elsewhere(set *policy.Set, m *policy.Model) string {
	var all []string
	for _, u := range set.Elsewhere(m.Name) {
		all = append(all, u.String()+" ("+u.Backend.Whereabouts()+")")
	}
	slices.Sort(all)
	return list(slices.Compact(all), "and")
}
