package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/wildcard"
)

// ListedName is a name by which clients may ask for a model.
type ListedName struct {
	Name    string
	Model   string // of the policy
	Created time.Time
}

// Listed returns the names by which clients may ask for models, sorted, as far as they are known: of
// a wildcard those whose models the catalogue or the policy has a price of at their backends. So
// they are bounded by these, whatever clients ask for.
func (s *Set) Listed() []ListedName {
	index, all := s.Index(), make(map[string]string)
	for name, m := range s.Models {
		if !m.Wildcard {
			all[name] = name
			continue
		}
		for _, u := range m.Uses() {
			for _, model := range s.pricedAt(u.Backend) {
				as, ok := m.askedFor(u, model)
				if !ok {
					continue
				}
				if found, _ := index.Find(as); found == name {
					all[as] = name
				}
			}
		}
	}
	listed := make([]ListedName, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		listed = append(listed, ListedName{name, all[name], s.Models[all[name]].Created(name)})
	}
	return listed
}

// pricedAt returns the models that are known to have a price at a backend.
func (s *Set) pricedAt(b *Backend) []string {
	all := s.Prices.Models(b.Provider.Name)
	for _, o := range s.Prices.Overrides() {
		if o.Backend == "" || o.Backend == b.Name {
			all = append(all, o.Model)
		}
	}
	return all
}

// askedFor returns the name by which a wildcard is asked for a model of one of its uses, or false
// if there is none.
func (m *Model) askedFor(u Use, model string) (name string, ok bool) {
	before, _, _ := strings.Cut(m.Name, wildcard.Star)
	switch {
	case u.Model == wildcard.Star:
		name = before[:strings.LastIndexByte(before, '/')+1] + model
	case wildcard.Match(u.Model, model):
		first, last, _ := strings.Cut(u.Model, wildcard.Star)
		name = strings.Replace(m.Name, wildcard.Star, model[len(first):len(model)-len(last)], 1)
	}
	return name, wildcard.Match(m.Name, name) && wildcard.Fill(m.Name, name, u.Model) == model
}

// unknownSince is the day on which models are listed as made whose names do not say when: clients
// want one, and a later one would look like news.
var unknownSince = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Created returns when the model was made that a name of m stands for, as far as names say: the day
// that the name ends with, or that of its first use at its backend. It follows from the policy alone,
// so every pair says the same.
func (m *Model) Created(name string) time.Time {
	for _, of := range []string{name, wildcard.Fill(m.Name, name, m.Chain[0].Uses[0].Model)} {
		if day, ok := price.Dated(of); ok {
			return day
		}
	}
	return unknownSince
}
