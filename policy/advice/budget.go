package advice

import (
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
)

// unpriced reports the links of a model of which a price is not known, although somebody has a
// budget: what such a model costs cannot be held to it.
func unpriced(set *policy.Set, m *policy.Model) []Advice {
	if !budgets(set, m) {
		return nil
	}
	var all []Advice
	for i, l := range m.Chain {
		for _, u := range l.Uses {
			if u.Wild() { // its models have prices, or are not asked
				continue
			}
			if _, ok := set.Prices.Look(u.Backend.Provider.Name, u.Backend.Name, u.Model, time.Time{}); !ok {
				all = append(all, give(BudgetUnpriced, linkPath(m, i), "add one under prices; what is free costs 0",
					"callers who have a budget are refused %s: no price of %s is known", m.Name, u.String()))
			}
		}
	}
	return all
}

// budgets reports whether a policy holds somebody who may ask for a model to a budget.
func budgets(set *policy.Set, m *policy.Model) bool {
	all := []*policy.Quota{&m.Quota}
	for _, named := range []map[string]*policy.Quota{set.Teams, set.Features} {
		all = slices.AppendSeq(all, maps.Values(named))
	}
	for _, t := range set.Tiers {
		all = append(all, &t.Quota)
	}
	for _, c := range set.Callers {
		all = append(all, &c.Quota)
	}
	return slices.ContainsFunc(all, func(q *policy.Quota) bool {
		return q.Mode != policy.QuotaShadow && (q.USDPerDay > 0 || q.USDPerMonth > 0)
	})
}
