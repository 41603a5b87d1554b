package advice

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestABudgetNeedsPrices holds of which links a price is missed, and under which policies.
func TestABudgetNeedsPrices(t *testing.T) {
	const chain = `{chain: [gpt/gpt-5.5, llama/local, qwen/free]}}, prices: {qwen/free: {input: 0, output: 0}}`
	missed := []string{"warning models.m.chain[1]: callers who have a budget are refused m: no price of llama/local is known; add one under prices; what is free costs 0"}
	for name, c := range map[string]struct {
		more string
		want []string
	}{
		"no budget":           {"tiers: {t: {rpm: 1}}", nil},
		"a shadow":            {"tiers: {t: {usd_per_day: 1, mode: shadow}}", nil},
		"a tier's":            {"tiers: {t: {usd_per_day: 1}}", missed},
		"a team's by month":   {"teams: {a: {usd_per_month: 1}}", missed},
		"a feature's":         {"features: {a: {usd_per_day: 1}}", missed},
		"of a caller's own":   {"callers: {a: {key: {env: A_KEY}, quota: {usd_per_day: 1}}}", missed},
		"of those without it": {"tiers: {t: {usd_per_day: 1}}, anonymous_tier: t", missed},
	} {
		text := `{version: 1, unpriced: flag, backends: {gpt: {provider: openai, credential: {env: A}},
llama: {provider: openai-compatible, url: "https://llama.example/v1"}, qwen: {provider: openai-compatible, url: "https://qwen.example/v1"}},
models: {m: ` + chain + ", " + c.more + "}"
		set, err := policy.Parse("policy.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, of(Advise(set, Expectation{}), BudgetUnpriced)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
