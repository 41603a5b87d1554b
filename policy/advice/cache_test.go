package advice

import (
	"slices"
	"testing"

	"github.com/headgate/headgate/policy"
)

// TestACacheWithoutCallersIsShared holds that it is said, unless the policy says so itself.
func TestACacheWithoutCallersIsShared(t *testing.T) {
	const backends = "version: 1\nbackends: {b: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\nunpriced: flag\n"
	const means = ": whoever asks m shares its answers, because the policy has no callers; add callers to keep their answers to themselves, or say scope: shared"
	for document, want := range map[string][]string{
		"models: {m: {chain: [b/x], cache: {}}}":                                   {"note models.m.cache" + means},
		"models: {m: b/x}\ncache: {every_model: {}}":                               {"note cache.every_model" + means},
		"models: {m: {chain: [b/x], cache: {scope: shared}}}":                      nil,
		"models: {m: {chain: [b/x], cache: {}}}\ncallers: {ci: {key: {env: KEY}}}": nil,
		"models: {m: b/x}": nil,
		"models: {m: {chain: [b/x], cache: {mode: off}}}\ncache: {every_model: {}}": nil,
	} {
		set, err := policy.Parse("policy.yaml", []byte(backends+document))
		if err != nil {
			t.Fatal(err)
		}
		if got := of(Advise(set, Expectation{}), CacheOneScope); !slices.Equal(got, want) {
			t.Errorf("%s: %q", document, got)
		}
	}
}

// TestCachesThatAreHardlyMeant holds what else is said of caches.
func TestCachesThatAreHardlyMeant(t *testing.T) {
	const backends = "version: 1\nbackends: {b: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\nunpriced: flag\ncallers: {ci: {key: {env: KEY}}}\n"
	for document, want := range map[string][]string{
		"models: {m: {chain: [b/x], cache: {scope: team}}}": {
			"note models.m.cache.scope: each caller of m has its own answers, because none has a team; give callers a team, or leave the scope out"},
		"models: {m: {chain: [b/x], cache: {scope: team}}}\nmanaged_keys: true": nil,
		"models: {m: {chain: [b/x], cache: {max_entry: 2MiB}}}\ncache: {memory: 1MiB}": {
			"warning models.m.cache.max_entry: answers to m of more than the 1048576 bytes of cache.memory are never kept there; give cache.memory more"},
		"models: {m: b/x, e: b/y}\ncache: {every_model: {semantic: {threshold: 0.5}}}": {
			"warning cache.every_model.semantic.threshold: with the built-in table many questions that e gets are near at 0.5 and not the same; 0.95 is measured; see headgate cache eval",
			"warning cache.every_model.semantic.threshold: with the built-in table many questions that m gets are near at 0.5 and not the same; 0.95 is measured; see headgate cache eval"},
		"models: {m: {chain: [b/x], cache: {semantic: {threshold: 0.5}}}, e: b/y}\ncache: {embedder: {model: e}}": nil,
		"models: {m: {chain: [b/x], cache: {semantic: {}}}}":                                                      nil,
	} {
		set, err := policy.Parse("policy.yaml", []byte(backends+document))
		if err != nil {
			t.Fatal(err)
		}
		if got := of(Advise(set, Expectation{}), CacheOneScope, CacheNoTeams, CacheNoRoom, CacheThreshold); !slices.Equal(got, want) {
			t.Errorf("%s: %q", document, got)
		}
	}
}
