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
