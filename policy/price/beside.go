package price

// What providers charge beside the tokens of a price, or by how they served: the
// price list has one row for all of it. Facts of the providers' price pages, 2026-07.

// search is what a provider charges for one search of the web that a model made.
var search = map[string]Pico{"anthropic": 10_000_000_000} // 0.01 USD

// factor is what a service tier makes of the price of the tokens, as a fraction.
type factor struct{ times, per Pico }

var tiers = map[key]factor{
	{"openai", "flex"}:     {1, 2},
	{"openai", "priority"}: {2, 1},
	{"anthropic", "batch"}: {1, 2},
}

// Search returns what a provider charges for one search of the web; 0: nothing
// beside its tokens.
func Search(provider string) Pico { return search[provider] }

// ServiceTier returns what a service tier of a provider makes of the price of the
// tokens: so many times, divided by so many. A tier that changes nothing is 1, 1.
func ServiceTier(provider, tier string) (times, per Pico) {
	if f, ok := tiers[key{provider, tier}]; ok {
		return f.times, f.per
	}
	return 1, 1
}
