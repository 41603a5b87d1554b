package policy

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// vendor is who serves models but is no provider of its own: it speaks the OpenAI dialect
// at an address.
type vendor struct {
	names []string // as people write them: lower case, dashes for underscores and blanks
	urls  []string // base URLs of its OpenAI dialect; capitals stand for what is the operator's own
}

// vendors are those whose names people try as a provider.
var vendors = []vendor{
	{[]string{"azure", "azure-openai", "azure-ai", "azure-foundry", "microsoft"}, []string{"https://RESOURCE.openai.azure.com/openai/v1", "https://RESOURCE.services.ai.azure.com/openai/v1"}},
	{[]string{"gemini", "google", "google-ai", "google-gemini", "ai-studio", "palm"}, []string{"https://generativelanguage.googleapis.com/v1beta/openai"}},
	{[]string{"bedrock", "aws", "amazon", "amazon-bedrock", "aws-bedrock"}, []string{"https://bedrock-runtime.REGION.amazonaws.com/openai/v1"}},
	{[]string{"vertex", "vertex-ai", "vertexai", "google-vertex", "gcp"}, []string{"https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/endpoints/openapi"}},
	{[]string{"xai", "x-ai", "grok"}, []string{"https://api.x.ai/v1"}},
	{[]string{"cohere"}, []string{"https://api.cohere.ai/compatibility/v1", "https://api.cohere.com/compatibility/v1"}},
	{[]string{"together", "together-ai", "togetherai"}, []string{"https://api.together.xyz/v1"}},
	{[]string{"fireworks", "fireworks-ai"}, []string{"https://api.fireworks.ai/inference/v1"}},
	{[]string{"cerebras"}, []string{"https://api.cerebras.ai/v1"}},
	{[]string{"perplexity"}, []string{"https://api.perplexity.ai"}},
	{[]string{"zhipu", "glm", "z-ai", "zai"}, []string{"https://api.z.ai/api/paas/v4"}},
	{[]string{"qwen", "dashscope", "alibaba"}, []string{"https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "https://dashscope.aliyuncs.com/compatible-mode/v1"}},
	{[]string{"deepinfra"}, []string{"https://api.deepinfra.com/v1/openai"}},
	{[]string{"ollama"}, []string{"http://127.0.0.1:11434/v1"}},
	{[]string{
		"vllm", "llama.cpp", "llamacpp", "lmstudio", "lm-studio", "sglang", "tgi", "localai", "litellm", "custom", "self-hosted",
		"nvidia", "nvidia-nim", "nim", "huggingface", "hugging-face", "sambanova", "databricks",
		"moonshot", "kimi", "minimax", "cloudflare",
		"github", "github-models", "nebius", "novita", "hyperbolic", "baseten",
	}, nil},
}

// otherNames are names that people have for providers.
var otherNames = map[string]string{
	"claude": "anthropic", "gpt": "openai", "chatgpt": "openai", "open-ai": "openai", "mistralai": "mistral", "mistral-ai": "mistral",
	"deep-seek": "deepseek", "open-router": "openrouter", "openai-like": openAICompatible, "openai-compat": openAICompatible,
	"compatible": openAICompatible, "generic": openAICompatible, "simulator": SimulatedProvider, "mock": SimulatedProvider, "fake": SimulatedProvider,
}

// elsewhere says of a name that is no provider what serves its models meanwhile. It has
// nothing to say of a name that it does not know.
func elsewhere(name string) (message, hint string) {
	plain := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	if meant, ok := otherNames[plain]; ok {
		return strict.Quote(name) + " is not the name of a provider", "write provider: " + meant
	}
	i := slices.IndexFunc(vendors, func(v vendor) bool { return slices.Contains(v.names, plain) })
	if i < 0 {
		return "", ""
	}
	url := "the base URL of its OpenAI-compatible API"
	if len(vendors[i].urls) > 0 {
		url = `"` + vendors[i].urls[0] + `"`
	}
	return strict.Quote(name) + " is not a provider of its own", "write provider: openai-compatible and url: " + url
}
