package advice

import (
	"fmt"

	"github.com/headgate/headgate/policy"
)

// loneWeight warns of a weight that relates to nothing.
func loneWeight(m *policy.Model, _ Expectation) []Advice {
	var all []Advice
	for i, l := range m.Chain {
		if len(l.Uses) == 1 && l.Uses[0].Weight > 1 {
			all = append(all, give(WeightAlone, linkPath(m, i)+"[0].weight", "leave it out, or add the other uses to this link",
				"is %d and has no effect: the link has one use, which gets all", l.Uses[0].Weight))
		}
	}
	return all
}

// unmetWeight warns if some requests can go to a part of a link's uses only, so
// that the weights hold for the others alone.
func unmetWeight(m *policy.Model, _ Expectation) []Advice {
	if m.Unfit == policy.UnfitDrop {
		return nil // every use takes every request
	}
	var all []Advice
	for i, l := range m.Chain {
		for j, u := range l.Uses {
			var with []string
			for _, f := range features {
				if !f.tuning && f.lacks(l.Uses, l.Uses[j:j+1]) {
					with = append(with, f.with)
				}
			}
			if with != nil {
				all = append(all, give(WeightUnmet, fmt.Sprintf("%s[%d].weight", linkPath(m, i), j), "put it into a link of its own, or count on other shares",
					"requests with %s never go to %s/%s: the other uses take its share", list(with, "or"), u.Backend.Name, u.Model))
			}
		}
	}
	return all
}
