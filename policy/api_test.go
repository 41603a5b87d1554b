package policy

import "testing"

// TestAskedInTheAPIThatSuits holds in which dialect backends are asked, by what the client
// speaks and what the policy says.
func TestAskedInTheAPIThatSuits(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(`{version: 1, unpriced: flag, backends: {
  both: {provider: openai, credential: {env: KEY}}, chat: {provider: openai, credential: {env: KEY}, responses: false},
  vllm: {provider: openai-compatible, url: "http://127.0.0.1:1/v1", responses: true}, claude: {provider: anthropic, credential: {env: KEY}}},
models: {
  auto: {chain: [both/m, chat/m, vllm/m, claude/m]},
  chat: {chain: [both/m, chat/m, vllm/m, claude/m], api: chat},
  responses: {chain: [both/m, chat/m, vllm/m, claude/m], api: responses}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model, client string
		want          [4]string
	}{
		{"auto", "openai", [4]string{"openai", "openai", "openai", "anthropic"}},
		{"auto", "anthropic", [4]string{"openai", "openai", "openai", "anthropic"}},
		{"auto", "responses", [4]string{"responses", "openai", "responses", "anthropic"}},
		{"chat", "responses", [4]string{"openai", "openai", "openai", "anthropic"}},
		{"responses", "openai", [4]string{"responses", "openai", "responses", "anthropic"}},
		{"responses", "anthropic", [4]string{"responses", "openai", "responses", "anthropic"}},
	} {
		m := set.Models[c.model]
		var got [4]string
		for i, u := range m.Uses() {
			got[i] = m.Asked(u.Backend, c.client)
		}
		if got != c.want {
			t.Errorf("%s for a client of %s: %v, want %v", c.model, c.client, got, c.want)
		}
	}
	if fit := set.Models["auto"].Fit(); fit.Classes != 4 {
		t.Errorf("%d classes, want one for each that takes other requests", fit.Classes)
	}
}
