package price

import "strings"

// What providers charge beside the tokens of a price, or by how they served, for all of their
// models: what they list by model is in served.csv. Facts of the providers' price pages, 2026-11.

// search is what a provider charges for one search of the web that a model made.
var search = map[string]Pico{"anthropic": 10_000_000_000} // 0.01 USD

// Factor is what a way of being served makes of a price: so many times, divided by so many.
type Factor struct{ Times, Per Pico }

// One leaves a price as it is.
var One = Factor{1, 1}

// rules are what providers publish of all their models.
var rules = map[key]Factor{
	{"openai", "flex"}:     {1, 2}, // flex costs what the batch API does, which is half
	{"anthropic", "batch"}: {1, 2},
	{"groq", "flex"}:       One,
	{"groq", "on_demand"}:  One,
}

// customs are what ways make of the price of most of a provider's models, to assume it of a model
// of which no list says it.
var customs = map[key]Factor{
	{"openai", "priority"}:  {2, 1},
	{"openai", "fast"}:      {2, 1},
	{"openai", "ultrafast"}: {6, 1},
}

// Search returns what a provider charges for one search of the web; 0: nothing
// beside its tokens.
func Search(provider string) Pico { return search[provider] }

// Usual reports whether a provider's word for a service tier or a speed means what it does for
// everybody.
func Usual(word string) bool {
	switch word {
	case "", "default", "standard", "auto":
		return true
	}
	return false
}

// Unlisted returns what a way of being served makes of a model's price if the catalogue has no row
// of the two, and whether the provider publishes that as a rule; otherwise it is assumed.
func Unlisted(provider, way string) (f Factor, rule bool) {
	if Usual(way) {
		return One, true
	}
	if f, ok := rules[key{provider, way}]; ok {
		return f, true
	}
	if f, ok := customs[key{provider, way}]; ok {
		return f, false
	}
	return One, false
}

// ByProvider is the id of the price of what costs what its provider says, because no price of its
// model is known.
const ByProvider = "provider"

// Regional is the way in which a provider serves at an endpoint that keeps to a region, in
// served.csv.
const Regional = "regional"

// KeepsToRegion reports whether a provider's endpoint keeps to a region, for which it asks more of
// some models: us.api.openai.com does, api.openai.com does not.
func KeepsToRegion(provider, host string) bool {
	return provider == "openai" && strings.HasSuffix(host, ".api.openai.com")
}
