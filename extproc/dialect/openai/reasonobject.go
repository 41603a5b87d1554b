package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// reasoningObjects reads what clients ask of reasoning in the objects of other APIs:
// thinking, as Anthropic and DeepSeek call it, and OpenRouter's reasoning with its older
// include_reasoning. All pass as they came to a server of this dialect. What
// reasoning_effort says counts first; of the others, the one that stands first.
func (d *decoder) reasoningObjects() (err error) {
	for i, n := 0, len(d.r.Extra); i < n && err == nil; i++ {
		v := d.r.Extra[i].Value
		read := false
		switch string(d.r.Extra[i].Name) {
		case "thinking":
			read, err = d.thinkingObject(v)
		case "reasoning":
			read, err = d.reasoningObject(v)
		case "include_reasoning":
			d.r.Reason.Hidden = d.r.Reason.Hidden || string(v) == "false"
			read = v.Kind() == scan.Bool
		}
		d.r.Extra[i].Read = read
	}
	return err
}

var thinkingMembers = []string{"type", "budget_tokens", "display"}

// thinkingObject reads Anthropic's object. It returns false if nothing is read of it.
func (d *decoder) thinkingObject(v scan.Value) (bool, error) {
	var f [3]scan.Value
	extra, err := canon.PickInside("thinking", v, thinkingMembers, f[:], d.r.Extra)
	if err = first(err, want(f[1], scan.Number, "thinking.budget_tokens")); err != nil {
		return false, canon.Errorf("thinking", "%v", err)
	}
	mode := canon.ReasonUnset
	switch string(canon.Inside(f[0])) {
	case "enabled":
		mode = canon.ReasonOn
	case "adaptive", "auto":
		mode = canon.ReasonAdaptive
	case "disabled":
		mode = canon.ReasonOff
	default:
		return false, nil
	}
	if !d.reasons(mode, f[1], nil, "thinking") {
		return false, nil
	}
	d.r.Extra, d.r.Reason.Display = extra, f[2]
	return true, nil
}

var reasoningMembers = []string{"effort", "max_tokens", "enabled", "exclude"}

// reasoningObject reads OpenRouter's object. It returns false if it is not all read.
func (d *decoder) reasoningObject(v scan.Value) (bool, error) {
	var f [4]scan.Value
	extra, err := canon.PickInside("reasoning", v, reasoningMembers, f[:], d.r.Extra)
	err = first(err, want(f[0], scan.String, "reasoning.effort"), want(f[1], scan.Number, "reasoning.max_tokens"),
		want(f[2], scan.Bool, "reasoning.enabled"), want(f[3], scan.Bool, "reasoning.exclude"))
	if err != nil {
		return false, canon.Errorf("reasoning", "%v", err)
	}
	effort := f[0]
	mode := canon.ReasonUnset
	switch {
	case string(f[2]) == "false" || string(canon.Inside(effort)) == "none":
		mode = canon.ReasonOff
	case !canon.Void(effort) || f[1] != nil || f[2].True():
		mode = canon.ReasonOn
	case f[3] == nil:
		return false, nil
	}
	d.r.Reason.Hidden = d.r.Reason.Hidden || f[3].True()
	if mode != canon.ReasonUnset && !d.reasons(mode, f[1], canon.Inside(effort), "reasoning") {
		return false, nil
	}
	d.r.Extra = extra
	return true, nil
}

// reasons takes over what is asked of reasoning, unless something was before.
func (d *decoder) reasons(mode canon.ReasonMode, budget scan.Value, effort []byte, name string) bool {
	r := &d.r.Reason
	if r.Mode != canon.ReasonUnset {
		return false
	}
	r.Mode, r.Name = mode, name
	if mode != canon.ReasonOff {
		r.Budget, _ = budget.Int()
		r.Effort = effort
	}
	return true
}
