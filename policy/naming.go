package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/wildcard"
)

// Wild reports whether the model of the use is not one, but follows from the name that is asked for.
func (u Use) Wild() bool { return wildcard.Is(u.Model) }

// For returns the model as it answers one of its names: a wildcard has that name, and its uses have
// the models that they stand for. Another model is returned as it is. The uses keep their places
// in the chain.
func (m *Model) For(name string) *Model {
	if !m.Wildcard || name == m.Name {
		return m
	}
	out := *m
	out.Name, out.Wildcard, out.Classes = name, false, nil
	out.Chain = make([]Link, len(m.Chain))
	for i, l := range m.Chain {
		out.Chain[i].Uses = slices.Clone(l.Uses)
		for j := range l.Uses {
			out.Chain[i].Uses[j].Model = wildcard.Fill(m.Name, name, l.Uses[j].Model)
		}
	}
	return &out
}

// Index returns what finds the policy's model that answers a name. Default is not taken into account.
func (s *Set) Index() *wildcard.Index {
	var named, wildcards []string
	for name, m := range s.Models {
		if m.Wildcard {
			wildcards = append(wildcards, name)
		} else {
			named = append(named, name)
		}
	}
	return wildcard.NewIndex(named, wildcards)
}

// Answering returns the model that answers a name, as it does; nil: none does. Default is not taken
// into account.
func (s *Set) Answering(name string) *Model {
	model, ok := s.Index().Find(name)
	if !ok {
		return nil
	}
	return s.Models[model].For(name)
}

// Example returns a model as it answers some name, the first that is listed if one is.
func (s *Set) Example(m *Model) *Model {
	if !m.Wildcard {
		return m
	}
	listed := s.Listed()
	if i := slices.IndexFunc(listed, func(l ListedName) bool { return l.Model == m.Name }); i >= 0 {
		return m.For(listed[i].Name)
	}
	return m.For(strings.Replace(m.Name, wildcard.Star, "any", 1))
}

// Grants reports whether a name in a list of models that somebody may ask for grants something: a
// model of the policy, a name that one answers, or a wildcard that some of these names match.
func (s *Set) Grants(name string) bool {
	if _, ok := s.Models[name]; ok {
		return true
	}
	if !wildcard.Is(name) {
		_, ok := s.Index().Find(name)
		return ok
	}
	for other, m := range s.Models {
		if m.Wildcard && wildcard.Meet(name, other) || wildcard.Match(name, other) {
			return true
		}
	}
	return false
}

// twoStars are more than a wildcard has.
var twoStars = regexp.MustCompile(`\*.*\*`)

// anyStar is what a wildcard has, and a price never.
var anyStar = regexp.MustCompile(`\*`)

func oneStar(name string) (message, hint string) {
	return strict.Quote(name) + " has more than one *", `a wildcard has one, such as "claude-*" or "*"`
}

// markWildcards marks the models that are wildcards by their names. What a control plane sends says
// so itself: one of an earlier version took such a name as it stands.
func (c *compiler) markWildcards() {
	for _, m := range c.doc.Models {
		m.Wildcard = m.Wildcard || !c.how.sent && wildcard.Is(m.Name)
	}
}

// checkStars refuses stars in chains of models that are no wildcards: nothing follows from a name
// that is always the same. Earlier versions took them as they stand.
func (c *compiler) checkStars() {
	if c.how.accepted || !slices.ContainsFunc(c.uses, func(u placedUse) bool { return wildcard.Is(u.model) }) {
		return
	}
	plain := make(map[string]string) // names of models that are no wildcards, by path
	for name, m := range c.doc.Models {
		if !m.Wildcard {
			plain[m.Path()] = name
		}
	}
	for _, u := range c.uses {
		if name, ok := plain[pathOfModel(u.at)]; ok && wildcard.Is(u.model) {
			c.Fault(u.at, "name the model, or give "+strict.Quote(name)+" the * that this one stands for, such as "+strict.Quote(name+"-*"),
				"%s has a *, and the model %s has none", strict.Quote(u.backend+"/"+u.model), strict.Quote(name))
		}
	}
}

// pathOfModel returns the path of the model whose chain a place is in, or which it is in short.
func pathOfModel(at strict.Place) string {
	path := at.Path()
	if i := strings.LastIndex(path, ".chain["); i >= 0 {
		return path[:i]
	}
	return path
}

// checkDefault refuses a default that no model answers.
func (c *compiler) checkDefault() {
	at, ok := c.Given.At("default")
	if !ok {
		return
	}
	if _, found := c.doc.Index().Find(c.doc.Default); !found {
		c.Fault(at, c.Suggest(c.doc.Default, slices.Sorted(maps.Keys(c.doc.Models))), "no model answers %s", strict.Quote(c.doc.Default))
	}
}

// namedModel is a model that something in the policy asks, and where that stands.
type namedModel struct {
	model string
	at    strict.Place
}

// checkNamedModels refuses models that are not there.
func (c *compiler) checkNamedModels() {
	index := c.doc.Index()
	for _, n := range strict.Notes[namedModel](c.Reader) {
		if _, ok := index.Find(n.model); !ok {
			c.Fault(n.at, c.Suggest(n.model, slices.Sorted(maps.Keys(c.doc.Models))), "model %s is not defined", strict.Quote(n.model))
		}
	}
}
