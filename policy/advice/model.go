package advice

import (
	"slices"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/trait"
)

// ability is something that models take or refuse.
type ability struct {
	with    string // in words: requests with ... skip a link that refuses it; empty: they lose it
	loses   string // a request loses ...
	seldom  bool   // few requests need it
	refused func(policy.Use, *trait.Set) bool
}

var abilities = []ability{
	{loses: "its temperature", refused: func(_ policy.Use, s *trait.Set) bool { return s.Sampling == trait.SamplingDefault }},
	{loses: "its stop sequences", refused: func(_ policy.Use, s *trait.Set) bool { return s.Stop == trait.No }},
	{loses: "its log probabilities", refused: func(_ policy.Use, s *trait.Set) bool { return s.Logprobs == trait.No }},
	{loses: "its reasoning effort", refused: func(_ policy.Use, s *trait.Set) bool { return s.Reasoning == trait.ReasoningNone }},
	{loses: "its reasoning effort if it has tools", refused: func(_ policy.Use, s *trait.Set) bool {
		return s.Reasoning != trait.ReasoningNone && (s.ToolEfforts == trait.ToolEffortsUnsaid || s.ToolEfforts == trait.ToolEffortsNone)
	}},
	{loses: "its wish not to reason", refused: func(_ policy.Use, s *trait.Set) bool { return s.Reasoning == trait.ReasoningAlways }},
	{loses: "the enforcement of bounds, lengths and patterns in its schemas", refused: func(u policy.Use, s *trait.Set) bool {
		return reads(u, s) == trait.SchemaAnthropic
	}},
	{loses: "the enforcement of schemas with optional properties", refused: func(u policy.Use, s *trait.Set) bool { return reads(u, s) == trait.SchemaOpenAI }},
	refusal("images", "its images", func(s *trait.Set) bool { return s.Images == trait.No }),
	refusal("PDF documents", "its PDF documents", func(s *trait.Set) bool { return s.PDF == trait.No }),
	seldom("audio", "its audio", func(s *trait.Set) bool { return s.Audio == trait.No }),
	refusal("tools", "its tools", func(s *trait.Set) bool { return s.Tools == trait.No }),
	seldom("a tool that must be called", "its demand that a tool be called", func(s *trait.Set) bool { return s.Tools == trait.No || s.Forced == trait.No }),
	seldom("an assistant's message at the end", "the assistant's message at its end", func(s *trait.Set) bool { return s.Prefill == trait.No }),
	refusal("a JSON schema of the answer", "the JSON schema of its answer", func(s *trait.Set) bool { return s.Schema == trait.SchemaNone }),
}

// refusal is what changes the meaning of an answer.
func refusal(with, loses string, refused func(*trait.Set) bool) ability {
	return ability{with: with, loses: loses, refused: func(_ policy.Use, s *trait.Set) bool { return refused(s) }}
}

// seldom is a refusal that few requests meet: worth a note.
func seldom(with, loses string, refused func(*trait.Set) bool) ability {
	a := refusal(with, loses, refused)
	a.seldom = true
	return a
}

// reads returns the subset of JSON Schema that a use enforces: its model's own, or that of
// the vendor in whose dialect it is asked.
func reads(u policy.Use, s *trait.Set) trait.Schema {
	switch {
	case s.Schema != trait.SchemaUnknown:
		return s.Schema
	case u.Backend.Provider.Name == "anthropic":
		return trait.SchemaAnthropic
	case u.Backend.Provider.Name == "openai":
		return trait.SchemaOpenAI
	default:
		return trait.SchemaUnknown
	}
}

// refuses reports whether none of the uses takes the ability.
func (a *ability) refuses(set *policy.Set, uses []policy.Use) bool {
	return !slices.ContainsFunc(uses, func(u policy.Use) bool {
		s := set.Takes(u)
		return !a.refused(u, &s)
	})
}

// refusing says what models of an earlier link take and those of a later one refuse, by
// what is known of them: what is left out there, and what skips the link.
func refusing(set *policy.Set, m *policy.Model) []Advice {
	var all []Advice
	for i, l := range m.Chain {
		var skip, skipSeldom, lose, drop []string
		for _, a := range abilities {
			switch {
			case i == 0 || a.refuses(set, earlier(m, i)) || !a.refuses(set, l.Uses):
			case a.with == "":
				lose = append(lose, a.loses)
			case m.Unfit == policy.UnfitDrop:
				drop = append(drop, a.loses)
			case a.seldom:
				skipSeldom = append(skipSeldom, a.with)
			default:
				skip = append(skip, a.with)
			}
		}
		const hint = "the answer's header x-headgate-dropped tells the caller"
		all = append(all, skipping(FallbackSkipped, linkPath(m, i), skip)...)
		all = append(all, skipping(FallbackModel, linkPath(m, i), skipSeldom)...)
		if drop != nil {
			all = append(all, give(FallbackDrops, linkPath(m, i), hint, "a request loses %s here: the models of this link refuse it", list(drop, "and")))
		}
		if lose != nil {
			all = append(all, give(FallbackModel, linkPath(m, i), hint, "a request loses %s here: the models of this link refuse it", list(lose, "and")))
		}
		all = append(all, shorter(set, m, i)...)
	}
	return all
}

func skipping(code Code, path string, skip []string) []Advice {
	if skip == nil {
		return nil
	}
	return []Advice{give(code, path, "add a link that takes them, or count on one fallback less",
		"requests with %s skip this link: its models refuse them", list(skip, "or"))}
}

// shorter notes a link whose models answer with less than those of an earlier link.
func shorter(set *policy.Set, m *policy.Model, link int) []Advice {
	before, here := longest(set, earlier(m, link)), longest(set, m.Chain[link].Uses)
	if here == 0 || before <= here {
		return nil
	}
	return []Advice{give(FallbackModel, linkPath(m, link), "the answer's header x-headgate-dropped tells the caller",
		"an answer has at most %d tokens here, whatever the request allows: an earlier link gives %d", here, before)}
}

// longest returns the tokens of the longest answer that any of the uses gives; 0: not known.
func longest(set *policy.Set, uses []policy.Use) int64 {
	var most int64
	for _, u := range uses {
		n := set.Takes(u).Output
		if n == 0 {
			return 0
		}
		most = max(most, n)
	}
	return most
}
