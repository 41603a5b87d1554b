package openai

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// model is what the models of a family take, of what others refuse.
type model struct {
	prefix  string
	efforts []string // nil: it does not reason
	usual   string   // the effort of a request that says none
	noStop  bool
	tools   string // efforts beside function tools: "" any, "unsaid" none if one is said, "none" none said, "never" no tools at all
	most    int    // tokens of an answer; 0: not known
}

// families are told apart by the beginnings of names, the longest first. Their sources are
// the errors of the API that users of these clients reported:
//
//	6        bolna-ai/bolna#1019, onyx-dot-app/onyx#15008, BerriAI/litellm#39631
//	most     charmbracelet/catwalk#41 (4o)
//	efforts  livekit/agents#7169 (5.6), BerriAI/litellm's tests (5.5), openai/openai-agents-python#2089 (5.1)
//	tools    BerriAI/litellm#34569 (5.6), charmbracelet/crush#2913 (5.5), openai/openai-openapi#541 (5.4)
//	stop     huggingface/smolagents#1671 (5), langgenius/dify#18971 (o4-mini)
//	sampling langchain-ai/langchain#35424 (5.1, 5.2), tmc/langchaingo#1355 (5), griptape-ai/griptape#1915 (o4-mini)
var families = []model{
	{prefix: "gpt-6-astra", efforts: []string{"low", "medium", "high", "xhigh", "max"}, usual: "medium", noStop: true, tools: "never", most: 128_000},
	{prefix: "gpt-6.1-sol", efforts: []string{"low", "medium", "high", "xhigh"}, usual: "medium", tools: "never", most: 128_000},
	{prefix: "gpt-6", efforts: []string{"none", "low", "medium", "high", "xhigh", "max"}, usual: "medium", tools: "none", most: 128_000},
	{prefix: "gpt-4o", most: 16_384},
	{prefix: "gpt-5.6", efforts: []string{"none", "low", "medium", "high", "xhigh"}, usual: "medium", tools: "none"},
	{prefix: "gpt-5.5", efforts: []string{"none", "low", "medium", "high", "xhigh"}, usual: "medium", tools: "unsaid"},
	{prefix: "gpt-5.4", efforts: []string{"none", "low", "medium", "high", "xhigh"}, usual: "none", tools: "unsaid"},
	{prefix: "gpt-5.2", efforts: []string{"none", "low", "medium", "high", "xhigh"}, usual: "none"},
	{prefix: "gpt-5.1", efforts: []string{"none", "low", "medium", "high"}, usual: "none"},
	{prefix: "gpt-5", efforts: []string{"minimal", "low", "medium", "high"}, usual: "medium", noStop: true},
	{prefix: "o1", efforts: []string{"low", "medium", "high"}, usual: "medium", noStop: true},
	{prefix: "o3", efforts: []string{"low", "medium", "high"}, usual: "medium", noStop: true},
	{prefix: "o4", efforts: []string{"low", "medium", "high"}, usual: "medium", noStop: true},
}

// modelOf returns what a model takes. Models for chats do not reason.
func modelOf(name string) model {
	i := slices.IndexFunc(families, func(m model) bool { return strings.HasPrefix(name, m.prefix) })
	if i < 0 || strings.Contains(name, "-chat") {
		return model{}
	}
	return families[i]
}

// reasons reports whether a model of this kind thinks before it answers.
func (m *model) reasons() bool { return m.efforts != nil }

// effort returns how much a request makes the model think.
func (m *model) effort(f *chatFields) string {
	if wire.Given(f.effort) {
		return wire.Str(f.effort)
	}
	return m.usual
}

// samples reports whether the model takes, with an effort, sampling settings that are not
// the default ones.
func (m *model) samples(effort string) bool {
	return !m.reasons() || m.usual == "none" && effort == "none"
}

// Efforts returns how much a model can be made to think, and how much it does so unasked.
// None: it does not think.
func Efforts(name string) (efforts []string, usual string) {
	m := modelOf(name)
	return m.efforts, m.usual
}

// Samples reports whether a model takes, with an effort, sampling settings that are not the
// default ones.
func Samples(name, effort string) bool {
	m := modelOf(name)
	return m.samples(effort)
}

// Most returns how many tokens of an answer a model gives at most; 0: not known.
func Most(name string) int { return modelOf(name).most }

// refuseEffort returns why the model does not take the effort of a request.
func (m *model) refuseEffort(name string, f *chatFields) *wire.Error {
	if effort := m.effort(f); !slices.Contains(m.efforts, effort) {
		return Invalid("reasoning_effort", "unsupported_value", "Unsupported value: 'reasoning_effort' does not support '%s' with this model. Supported values are: %s.", effort, Quoted(m.efforts))
	}
	if !functions(f.tools) {
		return nil
	}
	if m.tools == "never" || m.tools == "none" && m.effort(f) != "none" {
		return Invalid("reasoning_effort", "", "Function tools with reasoning_effort are not supported for %s in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.", name)
	}
	if m.tools == "unsaid" && wire.Given(f.effort) && m.effort(f) != "none" {
		return Invalid("reasoning_effort", "", "Function tools with reasoning_effort are not supported for %s in /v1/chat/completions. Please use /v1/responses instead.", name)
	}
	return nil
}

func functions(tools scan.Value) bool {
	e := tools.Elements()
	return e.Next()
}

// Quoted lists words as the API does.
func Quoted(words []string) string {
	last := len(words) - 1
	return "'" + strings.Join(words[:last], "', '") + "', and '" + words[last] + "'"
}
