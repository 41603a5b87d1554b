package extproc

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// keptModels finds the policy's model by which a provider was given what a path names. Whether
// the id is good is the provider stage's to say.
type keptModels struct {
	byTag stateid.Names
	wild  map[string]bool // models that are asked by many names, which no path says
	plain string          // of ids that pass as they came; empty: none do
}

func newKeptModels(set *policy.Set) keptModels {
	k := keptModels{byTag: stateid.NamesOf(maps.Keys(set.Models)), wild: make(map[string]bool)}
	for name, m := range set.Models {
		k.wild[name] = m.Wildcard
	}
	keeps := set.Speaking("responses")
	if set.HasCallers() || len(keeps) != 1 {
		return k
	}
	var asked []string // models by which the one backend is asked for responses
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		m := set.Models[name]
		if slices.ContainsFunc(m.Uses(), func(u policy.Use) bool {
			return u.Backend.Name == keeps[0] && m.Asked(u.Backend, "responses") == "responses"
		}) {
			asked = append(asked, name)
		}
	}
	// What an id does not say, a guard must not miss: if answers of one model are guarded, all are
	// read as that model's.
	if i := slices.IndexFunc(asked, func(name string) bool { return len(set.Models[name].Guards.Output) > 0 }); i >= 0 {
		asked = asked[i : i+1]
	}
	if len(asked) > 0 {
		k.plain, k.byTag = asked[0], stateid.NamesOf(slices.Values(asked))
	}
	return k
}

// resolve comes before the first stage, as that of models does. Of a model with many names it
// is the id that shows who may ask: its owner was given it by one of them.
func (k *keptModels) resolve(req *exchange.Request, who *exchange.Caller) (string, exchange.Verdict) {
	if id, bound := stateid.Split([]byte(req.Kept)); bound {
		for _, name := range k.byTag[id.Model] {
			if k.wild[name] || who.May(name, name) {
				return name, exchange.Verdict{}
			}
		}
	}
	if k.plain != "" {
		return k.plain, exchange.Verdict{}
	}
	return "", stateid.NotKept("", req.Kept)
}
