package anthropic

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// model is what the models of a family refuse, of what others take.
type model struct {
	prefixes   []string
	noSampling bool     // but for the default values
	oneSampler bool     // temperature or top_p
	noBudget   bool     // thinking.type enabled
	noAdaptive bool     // thinking.type adaptive
	always     bool     // thinking.type disabled
	efforts    []string // nil: any
}

// families are told apart by the beginnings of names. Their sources are Anthropic's
// migration guides and effort page (platform.claude.com), and the errors of the API that
// users of these clients reported:
//
//	sampling CherryHQ/cherry-studio#15532 (4.7, 4.8), langfuse/langfuse#9882 (4.5), iOfficeAI/AionUi#912 (4.6)
//	thinking OpenHands/software-agent-sdk#3427 (4.8), AAClause/nvda-OpenAI#126 (Sonnet 5), AAswordman/Operit#568 (4.5, 4.6)
//	effort   reference.langchain.com deepagents reasoning_effort (4.5, 4.6, 4.7)
var families = []model{
	{prefixes: []string{"claude-fable-5", "claude-mythos-5", "claude-opus-5-5"}, noSampling: true, noBudget: true, always: true},
	{prefixes: []string{"claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5"}, noSampling: true, noBudget: true},
	{prefixes: []string{"claude-opus-4-6", "claude-sonnet-4-6"}, oneSampler: true, efforts: []string{"low", "medium", "high", "max"}},
	{prefixes: []string{"claude-opus-4-5"}, oneSampler: true, noAdaptive: true, efforts: []string{"low", "medium", "high"}},
	{prefixes: []string{"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"}, oneSampler: true, noAdaptive: true, efforts: []string{}},
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
	switch kind := wire.Str(f.thinking.Get("type")); {
	case kind == "enabled" && m.noBudget:
		return invalid(`"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`)
	case kind == "adaptive" && m.noAdaptive:
		return invalid("adaptive thinking is not supported on this model")
	case kind == "disabled" && m.always:
		return invalid(`"thinking.type.disabled" is not supported for this model.`)
	}
	effort := wire.Str(f.output.Get("effort"))
	switch {
	case effort == "" || m.efforts == nil || slices.Contains(m.efforts, effort):
		return nil
	case len(m.efforts) == 0:
		return invalid("This model does not support the effort parameter.")
	default:
		return invalid("output_config.effort: Input should be one of %s for this model", strings.Join(m.efforts, ", "))
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
