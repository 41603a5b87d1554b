package anthropic

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// model is what the models of a family refuse, of what others take, and what they alone take.
type model struct {
	prefixes   []string
	noSampling bool     // but for the default values
	oneSampler bool     // temperature or top_p
	noBudget   bool     // thinking.type enabled
	noAdaptive bool     // thinking.type adaptive
	always     bool     // thinking.type disabled
	between    bool     // thinking.type disabled, in whose place it takes between_tools
	stillHigh  bool     // efforts above high without thinking
	noForced   bool     // a tool that it must call
	noPrefill  bool     // an assistant's message at the end
	system     bool     // takes system messages between the turns, of what others refuse
	efforts    []string // nil: any
	most       int      // tokens of an answer; 0: not known
}

// families are told apart by the beginnings of names. Their sources are Anthropic's
// migration guides and effort page (platform.claude.com), and the errors of the API that
// users of these clients reported:
//
//	sampling CherryHQ/cherry-studio#15532 (4.7, 4.8), langfuse/langfuse#9882 (4.5), iOfficeAI/AionUi#912 (4.6)
//	thinking OpenHands/software-agent-sdk#3427 (4.8), AAClause/nvda-OpenAI#126 (Sonnet 5), AAswordman/Operit#568 (4.5, 4.6)
//	forced   stdapi-ai/stdapi.ai#284 (Opus 5.5)
//	prefill  langchain-ai/deepagents#1585 (4.6)
//	most     anthropics/claude-code#24451 (Opus 4.5)
//	effort   reference.langchain.com deepagents reasoning_effort (4.5, 4.6, 4.7)
//	system   platform.claude.com, mid-conversation system messages
var families = []model{
	{prefixes: []string{"claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5-1", "claude-mythos-5-2", "claude-opus-5-5"},
		noSampling: true, noBudget: true, always: true, noForced: true, noPrefill: true, system: true, most: 128_000},
	{prefixes: []string{"claude-fable-5", "claude-mythos-5"}, noSampling: true, noBudget: true, always: true, noPrefill: true, system: true, most: 128_000},
	{prefixes: []string{"claude-sonnet-5-5"}, noSampling: true, noBudget: true, between: true, stillHigh: true, noForced: true, noPrefill: true, most: 128_000},
	{prefixes: []string{"claude-haiku-5-5"}, noSampling: true, noBudget: true, stillHigh: true, noPrefill: true, most: 128_000},
	{prefixes: []string{"claude-opus-5"}, noSampling: true, noBudget: true, stillHigh: true, noPrefill: true, system: true, most: 128_000},
	{prefixes: []string{"claude-opus-4-8"}, noSampling: true, noBudget: true, noPrefill: true, system: true, most: 128_000},
	{prefixes: []string{"claude-opus-4-7", "claude-sonnet-5"}, noSampling: true, noBudget: true, noPrefill: true, most: 128_000},
	{prefixes: []string{"claude-opus-4-6", "claude-sonnet-4-6"}, oneSampler: true, noPrefill: true, efforts: []string{"low", "medium", "high", "max"}, most: 128_000},
	{prefixes: []string{"claude-opus-4-5"}, oneSampler: true, noAdaptive: true, efforts: []string{"low", "medium", "high"}, most: 64_000},
	{prefixes: []string{"claude-opus-4-1"}, oneSampler: true, noAdaptive: true, efforts: []string{}, most: 32_000},
	{prefixes: []string{"claude-sonnet-4-5", "claude-haiku-4-5"}, oneSampler: true, noAdaptive: true, efforts: []string{}, most: 64_000},
}

// modelOf returns what a model refuses.
func modelOf(name string) model {
	i := slices.IndexFunc(families, func(m model) bool {
		return slices.ContainsFunc(m.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
	if i < 0 {
		return model{}
	}
	return families[i]
}

// refuseForModel refuses what a model does not take, whatever its dialect allows.
func refuseForModel(c *wire.Call, f *messageFields) *wire.Error {
	m := modelOf(c.Model)
	if err := m.refuseSampling(f); err != nil {
		return err
	}
	if err := m.refuseMore(c, f); err != nil {
		return err
	}
	kind, effort := wire.Str(f.thinking.Get("type")), wire.Str(f.output.Get("effort"))
	switch still := kind == "disabled" || kind == "between_tools"; {
	case kind == "enabled" && m.noBudget:
		return invalid(`"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`)
	case kind == "adaptive" && m.noAdaptive:
		return invalid("adaptive thinking is not supported on this model")
	case kind == "disabled" && m.between:
		return invalid(`"thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools".`)
	case still && m.always, kind == "between_tools" && !m.between:
		return invalid(`"thinking.type.%s" is not supported for this model.`, kind)
	case still && m.stillHigh && (effort == "xhigh" || effort == "max"):
		return invalid(`"thinking.type.%s" is not supported with effort %s for this model.`, kind, effort)
	}
	switch {
	case effort == "" || m.efforts == nil || slices.Contains(m.efforts, effort):
		return nil
	case len(m.efforts) == 0:
		return invalid("This model does not support the effort parameter.")
	default:
		return invalid("output_config.effort: Input should be one of %s for this model", strings.Join(m.efforts, ", "))
	}
}

// refuseMore refuses more tokens than the model gives, tools that it must call, and a last
// message of the assistant's.
func (m *model) refuseMore(c *wire.Call, f *messageFields) *wire.Error {
	last := ""
	for e := f.messages.Elements(); e.Next(); {
		last = wire.Str(e.Value().Get("role"))
	}
	choice := wire.Str(f.toolChoice.Get("type"))
	switch {
	case m.most > 0 && c.Limit > m.most:
		return invalid("max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s", c.Limit, m.most, c.Model)
	case m.noForced && (choice == "any" || choice == "tool"):
		return invalid("tool_choice: forced tool use is not supported for this model.")
	case m.noPrefill && last == "assistant":
		return invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
	default:
		return nil
	}
}

func (m *model) refuseSampling(f *messageFields) *wire.Error {
	if m.oneSampler && wire.Given(f.temperature) && wire.Given(f.topP) {
		return invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	}
	if !m.noSampling {
		return nil
	}
	switch {
	case wire.Given(f.temperature) && string(f.temperature) != "1" && string(f.temperature) != "1.0":
		return invalid("`temperature` is deprecated for this model.")
	case wire.Given(f.topP):
		return invalid("`top_p` is deprecated for this model.")
	case wire.Given(f.topK):
		return invalid("`top_k` is deprecated for this model.")
	}
	return nil
}
