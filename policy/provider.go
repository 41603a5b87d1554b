package policy

import "github.com/headgate/headgate/policy/quirk"

// Provider describes who serves models behind a backend, as data: a further
// provider that speaks a known dialect is one line in Providers.
type Provider struct {
	Name    string
	Dialect string // "openai" or "anthropic"; empty: the backend must say it
	URL     string // default base URL; empty: the backend must say it
	Keyless bool   // a credential is optional
	Quirks  quirk.Set
}

// SimulatedProvider is the provider that the gateway itself plays.
const SimulatedProvider = "simulated"

// Providers are the providers that a backend may name.
var Providers = []Provider{
	{Name: "openai", Dialect: "openai", URL: "https://api.openai.com/v1"},
	{Name: "anthropic", Dialect: "anthropic", URL: "https://api.anthropic.com/v1"},
	{Name: "deepseek", Dialect: "openai", URL: "https://api.deepseek.com/v1", Quirks: quirk.Set{MaxTokensOnly: true, NoDeveloper: true, NoJSONSchema: true, NoImages: true, ReplayReasoning: true}},
	{Name: "groq", Dialect: "openai", URL: "https://api.groq.com/openai/v1"},
	{Name: "mistral", Dialect: "openai", URL: "https://api.mistral.ai/v1", Quirks: quirk.Set{MaxTokensOnly: true, NoDeveloper: true, NoStreamOptions: true, ShortToolIDs: true}},
	{Name: "openrouter", Dialect: "openai", URL: "https://openrouter.ai/api/v1"},
	{Name: "openai-compatible", Dialect: "openai", Keyless: true},
	{Name: SimulatedProvider, Keyless: true},
}
