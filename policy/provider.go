package policy

// Provider describes who serves models behind a backend, as data: a further
// provider that speaks a known dialect is one line in Providers.
type Provider struct {
	Name    string
	Dialect string // "openai" or "anthropic"; empty: the backend must say it
	URL     string // default base URL; empty: the backend must say it
	Keyless bool   // a credential is optional
	Quirks  Quirks
}

// Quirks are the ways in which a server departs from its dialect.
type Quirks struct {
	MaxTokensOnly   bool // knows max_tokens, not max_completion_tokens
	NoDeveloper     bool // knows no developer role: sent as system
	NoStreamOptions bool // refuses stream_options; reports usage in a stream unasked
	NoJSONSchema    bool // knows response_format json_object only
	NoImages        bool // takes no image parts
	ReplayReasoning bool // wants its earlier reasoning back as reasoning_content
	ShortToolIDs    bool // takes tool call ids of nine letters and digits only
	NoStrict        bool // knows no strict tools
}

// SimulatedProvider is the provider that the gateway itself plays.
const SimulatedProvider = "simulated"

// Providers are the providers that a backend may name.
var Providers = []Provider{
	{Name: "openai", Dialect: "openai", URL: "https://api.openai.com/v1"},
	{Name: "anthropic", Dialect: "anthropic", URL: "https://api.anthropic.com/v1"},
	{Name: "deepseek", Dialect: "openai", URL: "https://api.deepseek.com/v1", Quirks: Quirks{MaxTokensOnly: true, NoDeveloper: true, NoJSONSchema: true, NoImages: true, ReplayReasoning: true}},
	{Name: "groq", Dialect: "openai", URL: "https://api.groq.com/openai/v1"},
	{Name: "mistral", Dialect: "openai", URL: "https://api.mistral.ai/v1", Quirks: Quirks{MaxTokensOnly: true, NoDeveloper: true, NoStreamOptions: true, ShortToolIDs: true}},
	{Name: "openrouter", Dialect: "openai", URL: "https://openrouter.ai/api/v1"},
	{Name: "openai-compatible", Dialect: "openai", Keyless: true},
	{Name: SimulatedProvider, Keyless: true},
}
