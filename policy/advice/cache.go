package advice

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/policy"
)

// lowThreshold is the cosine below which one in ten hits of the built-in table was wrong, strict rules
// included (extproc/cache/verify/README.md).
const lowThreshold = 0.9

// cached reports what a model's cache does that is most likely not meant.
func cached(set *policy.Set, m *policy.Model) (all []Advice) {
	rules := set.CacheOf(m.Name)
	if rules == nil {
		return nil
	}
	path := m.Path() + ".cache"
	if m.Cache == nil {
		path = "cache.every_model"
	}
	switch {
	case rules.Scope != policy.CacheShared && !set.HasCallers():
		all = append(all, give(CacheOneScope, path, "add callers to keep their answers to themselves, or say scope: shared",
			"whoever asks %s shares its answers, because the policy has no callers", m.Name))
	case rules.Scope == policy.CacheTeam && !teams(set):
		all = append(all, give(CacheNoTeams, path+".scope", "give callers a team, or leave the scope out",
			"each caller of %s has its own answers, because none has a team", m.Name))
	}
	if rules.MaxEntry > set.Cache.Memory {
		all = append(all, give(CacheNoRoom, path+".max_entry", "give cache.memory more",
			"answers to %s of more than the %d bytes of cache.memory are never kept there", m.Name, set.Cache.Memory))
	}
	if rules.HasSemantic() && set.Cache.Embedder == nil && rules.Semantic.Threshold < lowThreshold {
		all = append(all, give(CacheThreshold, path+".semantic.threshold", "0.95 is measured; see headgate cache eval",
			"with the built-in table many questions that %s gets are near at %v and not the same", m.Name, rules.Semantic.Threshold))
	}
	return all
}

// teams reports whether a caller may have a team: of keys that the control plane makes and of what a
// hop says nothing is known.
func teams(set *policy.Set) bool {
	return set.ManagedKeys || set.Trusted.On() ||
		slices.ContainsFunc(slices.Collect(maps.Values(set.Callers)), func(c *policy.Caller) bool { return c.Team != "" })
}
