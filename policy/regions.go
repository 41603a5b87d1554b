package policy

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// regions names regions, each once.
var regions = strict.List(1, 64, strict.Text().Matching(regionName, regionRule)).Check(distinctRegions)

func distinctRegions(r *strict.Reader, all []strict.Elem[string]) {
	seen := make(map[string]bool)
	for _, e := range all {
		if seen[e.Value] {
			r.Fault(e.At, "", "%s is already in the list", strict.Quote(e.Value))
		}
		seen[e.Value] = true
	}
}

// placedRegions is a model that keeps to regions, and where it says so.
type placedRegions struct {
	model *Model
	at    strict.Place
}

// keepRegions takes out of the chains of models that keep to regions what is elsewhere, or
// nobody says where. A chain of which nothing is left is a fault.
func (c *compiler) keepRegions() {
	for _, p := range strict.Notes[placedRegions](c.Reader) {
		unknown := slices.ContainsFunc(p.model.Uses(), func(u Use) bool { return c.doc.Backends[u.Backend.Name] == nil })
		if unknown || c.unknownRegions(p) {
			continue
		}
		slices.Sort(p.model.RegionsOnly)
		if !slices.ContainsFunc(p.model.Uses(), p.model.within) {
			c.Fault(p.at, "add a use of a backend that is there", "nothing of the chain is in %s: %s", strings.Join(p.model.RegionsOnly, " or "), whereabouts(p.model.Uses()))
			continue
		}
		c.doc.keepRegions(p.model)
	}
}

// unknownRegions reports a region that no backend has: it is most likely misspelled.
func (c *compiler) unknownRegions(p placedRegions) bool {
	if len(c.doc.Backends) < len(c.backends) {
		return true // one with a fault may have it
	}
	var known []string
	for _, b := range c.doc.Backends {
		if b.Region != "" {
			known = append(known, b.Region)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, region := range p.model.RegionsOnly {
		if !slices.Contains(known, region) {
			c.Fault(p.at, c.Suggest(region, known), "no backend has the region %s", strict.Quote(region))
			return true
		}
	}
	return false
}

// within reports whether a model may be served by a use.
func (m *Model) within(u Use) bool {
	return len(m.RegionsOnly) == 0 || slices.Contains(m.RegionsOnly, u.Backend.Region)
}

// keepRegions takes the uses elsewhere out of a model's chain.
func (s *Set) keepRegions(m *Model) {
	outside := func(u Use) bool { return !m.within(u) }
	elsewhere := slices.DeleteFunc(m.Uses(), m.within)
	if len(elsewhere) == 0 {
		return
	}
	m.Chain = m.without(outside)
	s.withoutUse(m)
	if s.elsewhere == nil {
		s.elsewhere = make(map[string][]Use)
	}
	s.elsewhere[m.Name] = elsewhere
}

// Elsewhere returns the uses that the document names for a model and that are not in its
// chain, because the model keeps to regions that they are not in.
func (s *Set) Elsewhere(model string) []Use { return s.elsewhere[model] }

// whereabouts names uses with the regions of their backends.
func whereabouts(uses []Use) string {
	var all []string
	for _, u := range uses {
		all = append(all, u.String()+" ("+u.Backend.Whereabouts()+")")
	}
	return strings.Join(all, ", ")
}

// Whereabouts says in words where a backend is.
func (b *Backend) Whereabouts() string {
	if b.Region == "" {
		return "no region"
	}
	return b.Region
}
