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
