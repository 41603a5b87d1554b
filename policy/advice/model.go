package advice

import (
	"slices"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/trait"
)

// ability is something that models take or refuse.
type ability struct {
	loses   string // in words: a request loses ...
	refused func(*trait.Set) bool
}

var abilities = []ability{
	{"its temperature", func(s *trait.Set) bool { return s.Sampling == trait.SamplingDefault }},
	{"its stop sequences", func(s *trait.Set) bool { return s.Stop == trait.No }},
	{"its log probabilities", func(s *trait.Set) bool { return s.Logprobs == trait.No }},
	{"its images, if it does not skip this link", func(s *trait.Set) bool { return s.Images == trait.No }},
	{"its reasoning effort", func(s *trait.Set) bool { return s.Reasoning == trait.ReasoningNone }},
	{"its reasoning effort if it has tools", func(s *trait.Set) bool {
		return s.Reasoning != trait.ReasoningNone && (s.ToolEfforts == trait.ToolEffortsUnsaid || s.ToolEfforts == trait.ToolEffortsNone)
	}},
	{"its wish not to reason", func(s *trait.Set) bool { return s.Reasoning == trait.ReasoningAlways }},
}

// refuses reports whether none of the uses takes the ability.
func (a *ability) refuses(set *policy.Set, uses []policy.Use) bool {
	return !slices.ContainsFunc(uses, func(u policy.Use) bool {
		s := set.Takes(u)
		return !a.refused(&s)
	})
}

// refusing notes what models of an earlier link take and those of a later one refuse, by
// what is known of them.
func refusing(set *policy.Set, m *policy.Model) []Advice {
	var all []Advice
	for i, l := range m.Chain {
		var loses []string
		for _, a := range abilities {
			if i > 0 && !a.refuses(set, earlier(m, i)) && a.refuses(set, l.Uses) {
				loses = append(loses, a.loses)
			}
		}
		if loses != nil {
			all = append(all, give(FallbackModel, linkPath(m, i), "the answer's header x-headgate-dropped tells the caller",
				"a request loses %s here: the models of this link refuse it", list(loses, "and")))
		}
	}
	return all
}
