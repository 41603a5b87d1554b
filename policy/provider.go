package policy

import (
	"net/url"
	"slices"

	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/strict"
)

// Provider describes who serves models behind a backend, as data: a further
// provider that speaks a known dialect is one line in Providers.
type Provider struct {
	Name    string
	Dialect string // "openai" or "anthropic"; empty: the backend must say it
	URL     string // default base URL; empty: the backend must say it
	Keyless bool   // a credential is optional
	// Responses: beside the dialect openai it has OpenAI's Responses.
	Responses bool
	Quirks    quirk.Set
}

// SimulatedProvider is the provider that the gateway itself plays.
const SimulatedProvider = "simulated"

// openAICompatible is the provider of servers that are not listed.
const openAICompatible = "openai-compatible"

// Providers are the providers that a backend may name.
var Providers = []Provider{
	{Name: "openai", Dialect: "openai", URL: "https://api.openai.com/v1", Responses: true, Quirks: quirk.Set{History: quirk.OpenAIHistory, MaxToolID: 40}},
	{Name: "anthropic", Dialect: "anthropic", URL: "https://api.anthropic.com/v1", Quirks: quirk.Set{SignedThinking: true}},
	{Name: "deepseek", Dialect: "openai", URL: "https://api.deepseek.com/v1", Quirks: quirk.Set{MaxTokensOnly: true, NoDeveloper: true, NoJSONSchema: true, NoImages: true, ReplayReasoning: true, History: quirk.DeepSeekHistory, NoFunctions: true, NoCustom: true}},
	{Name: "groq", Dialect: "openai", URL: "https://api.groq.com/openai/v1", Quirks: quirk.Set{History: quirk.GroqHistory, NoStreamedFormat: true, NoCustom: true}},
	{Name: "mistral", Dialect: "openai", URL: "https://api.mistral.ai/v1", Quirks: quirk.Set{MaxTokensOnly: true, NoDeveloper: true, NoStreamOptions: true, ShortToolIDs: true, History: quirk.MistralHistory, NoUserAfterTool: true, NoUser: true, NoSilentTurn: true, NoFunctions: true, NoCustom: true}},
	{Name: "openrouter", Dialect: "openai", URL: "https://openrouter.ai/api/v1", Quirks: quirk.Set{MaxToolID: 40, NoCustom: true}},
	{Name: openAICompatible, Dialect: "openai", Keyless: true, Quirks: quirk.Set{NoCustom: true}},
	{Name: SimulatedProvider, Keyless: true, Responses: true, Quirks: quirk.Set{History: quirk.OpenAIHistory, SignedThinking: true, MaxToolID: 40}},
}

// providers reads the name of a provider.
var providers = strict.Form(
	func(_ *strict.Reader, _ strict.Place, name string) (Provider, bool) {
		i := slices.IndexFunc(Providers, func(p Provider) bool { return p.Name == name })
		return Providers[i], true
	},
	func(p Provider) string { return p.Name },
).OneOf(providerNames()...).Known(elsewhere)

func providerNames() []string {
	names := make([]string, len(Providers))
	for i, p := range Providers {
		names[i] = p.Name
	}
	return names
}

// free reports whether a backend of the provider chooses its dialect and may be anywhere.
func (p *Provider) free() bool { return p.Name == openAICompatible || p.Name == SimulatedProvider }

// dialect returns the dialect of a backend of this provider that does not say it.
func (p *Provider) dialect() string {
	if p.Dialect == "" {
		return "openai"
	}
	return p.Dialect
}

// url returns the base URL of a backend of this provider that does not say it, or nil.
func (p *Provider) url() *url.URL {
	if p.URL == "" {
		return nil
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		panic("policy: URL of provider " + p.Name + ": " + err.Error())
	}
	return u
}
