package policy

import (
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/trait"
)

// Takes returns what the model of a use takes. Of a server that is not listed a name of
// the catalogue means the model of that name, whoever made it: such servers stand before
// other providers, or serve their models.
func (s *Set) Takes(u Use) trait.Set {
	provider := u.Backend.Provider.Name
	if provider == openAICompatible {
		provider = price.Simulated
	}
	return s.Traits.Look(provider, u.Backend.Name, u.Model)
}

// noteLacks notes in each use what its model lacks.
func (s *Set) noteLacks() {
	for _, m := range s.Models {
		for _, l := range m.Chain {
			for i := range l.Uses {
				if u := &l.Uses[i]; u.Backend.Provider.Name != "" {
					takes := s.Takes(*u)
					u.Lacks = takes.Support()
				}
			}
		}
	}
}
