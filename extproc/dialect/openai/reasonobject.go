package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// reasoningObjects reads what clients ask of reasoning in the objects of other APIs:
// thinking, as Anthropic and DeepSeek call it, and OpenRouter's reasoning. Both pass as
// they came to a server of this dialect. What reasoning_effort says counts first.
func (d *decoder) reasoningObjects() {
	for i := range d.r.Extra {
		m := &d.r.Extra[i]
		if m.Value.Kind() != scan.Object {
			continue
		}
		switch string(m.Name) {
		case "thinking":
			m.Read = d.thinkingObject(m.Value)
		case "reasoning":
			m.Read = d.reasoningObject(m.Value)
		}
	}
}

func (d *decoder) thinkingObject(v scan.Value) bool {
	mode := canon.ReasonUnset
	switch string(canon.Inside(v.Get("type"))) {
	case "enabled":
		mode = canon.ReasonOn
	case "adaptive", "auto":
		mode = canon.ReasonAdaptive
	case "disabled":
		mode = canon.ReasonOff
	default:
		return false
	}
	d.reasons(mode, v.Get("budget_tokens"), nil, "thinking")
	return true
}

func (d *decoder) reasoningObject(v scan.Value) bool {
	mode := canon.ReasonUnset
	effort := v.Get("effort")
	switch {
	case string(v.Get("enabled")) == "false" || string(canon.Inside(effort)) == "none":
		mode = canon.ReasonOff
	case !canon.Void(effort) || v.Get("max_tokens").Kind() == scan.Number || v.Get("enabled").True():
		mode = canon.ReasonOn
	default:
		return false
	}
	d.reasons(mode, v.Get("max_tokens"), canon.Inside(effort), "reasoning")
	return true
}

func (d *decoder) reasons(mode canon.ReasonMode, budget scan.Value, effort []byte, name string) {
	r := &d.r.Reason
	if r.Mode != canon.ReasonUnset {
		return
	}
	r.Mode, r.Name = mode, name
	if mode != canon.ReasonOff {
		r.Budget, _ = budget.Int()
		r.Effort = effort
	}
}
