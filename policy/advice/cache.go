package advice

import "github.com/headgate/headgate/policy"

// oneScope reports a cache whose answers all share although the policy does not say so.
func oneScope(set *policy.Set, m *policy.Model) []Advice {
	rules := set.CacheOf(m.Name)
	if rules == nil || rules.Scope == policy.CacheShared || set.HasCallers() {
		return nil
	}
	path := m.Path() + ".cache"
	if m.Cache == nil {
		path = "cache.every_model"
	}
	return []Advice{give(CacheOneScope, path, "add callers to keep their answers to themselves, or say scope: shared",
		"whoever asks %s shares its answers, because the policy has no callers", m.Name)}
}
