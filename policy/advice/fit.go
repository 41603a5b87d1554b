package advice

import (
	"slices"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/quirk"
)

// feature is something in a request that servers with some quirk cannot express.
type feature struct {
	with, loses string // in words: requests with ..., a request loses ...
	missing     func(quirk.Set) bool
	tuning      bool // left out rather than refused, whatever the policy says
}

var features = []feature{
	{with: "images", loses: "its images", missing: func(q quirk.Set) bool { return q.NoImages }},
	{with: "a JSON schema of the answer", loses: "the JSON schema of its answer", missing: func(q quirk.Set) bool { return q.NoJSONSchema }},
	{with: "strict tools", loses: "the strictness of its tools", missing: func(q quirk.Set) bool { return q.NoStrict }, tuning: true},
}

// expressed reports whether any of the uses takes the feature from a client of a
// dialect. What an Anthropic client sends to an Anthropic server goes as it is.
func (f *feature) expressed(client string, uses []policy.Use) bool {
	return slices.ContainsFunc(uses, func(u policy.Use) bool {
		asIs := client == "anthropic" && u.Backend.Dialect == "anthropic"
		return asIs || !f.missing(u.Backend.Provider.Quirks)
	})
}

// lacks reports whether some client can have the feature from one of the first uses
// but from none of the second.
func (f *feature) lacks(first, second []policy.Use) bool {
	return slices.ContainsFunc(dialects, func(d dialect) bool {
		return f.expressed(d.name, first) && !f.expressed(d.name, second)
	})
}

// skipped warns of fallbacks whose servers cannot express what an earlier link can.
func skipped(m *policy.Model, _ Expectation) []Advice {
	var all []Advice
	for i, l := range m.Chain {
		var skip, lose []string
		for _, f := range features {
			switch {
			case !f.lacks(earlier(m, i), l.Uses):
			case f.tuning || m.Unfit == policy.UnfitDrop:
				lose = append(lose, f.loses)
			default:
				skip = append(skip, f.with)
			}
		}
		if skip != nil {
			all = append(all, give(FallbackSkipped, linkPath(m, i), "add a link that takes them, or count on one fallback less",
				"requests with %s skip this link: its servers cannot express them", list(skip, "or")))
		}
		if lose != nil {
			all = append(all, give(FallbackDrops, linkPath(m, i), "the answer's header x-headgate-dropped names them",
				"a request loses %s here: the servers of this link cannot express it", list(lose, "and")))
		}
	}
	return all
}

// earlier returns the uses of the links before one.
func earlier(m *policy.Model, link int) []policy.Use {
	var all []policy.Use
	for _, l := range m.Chain[:link] {
		all = append(all, l.Uses...)
	}
	return all
}

// dialect is a wire format and what it alone can say: fields that change what an
// answer means, and whole requests.
type dialect struct{ name, title, fields, requests string }

var dialects = []dialect{
	{"openai", "OpenAI", "several answers (n), log probabilities, audio, web search, files by id", "embeddings"},
	{"anthropic", "Anthropic", "tools that the provider runs, documents by address, files by id, more than four stop sequences", "token counts"},
}

// otherDialect notes what only the dialect of an earlier link can say.
func otherDialect(m *policy.Model, _ Expectation) []Advice {
	format := "what only %s requests can say skips this link: %s, %s"
	if m.Unfit == policy.UnfitDrop {
		format = "what only %s requests can say is left out here: %s; %s skip this link"
	}
	var all []Advice
	for i, l := range m.Chain {
		for _, d := range dialects {
			if d.spoken(earlier(m, i)) && !d.spoken(l.Uses) {
				all = append(all, give(FallbackDialect, linkPath(m, i), "", format, d.title, d.fields, d.requests))
			}
		}
	}
	return all
}

// spoken reports whether any of the uses speaks the dialect.
func (d *dialect) spoken(uses []policy.Use) bool {
	return slices.ContainsFunc(uses, func(u policy.Use) bool { return u.Backend.Dialect == d.name })
}
