package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var literalFalse = scan.Value("false")

// choice reads which tools the model may or must call.
func (d *decoder) choice(f *[reqMembers]scan.Value) error {
	v := f[reqChoice]
	if v == nil {
		return nil
	}
	c := &d.r.Choice
	c.Raw = v
	one := v.Get("disable_parallel_tool_use")
	if err := first(want(v, scan.Object, "tool_choice"), want(one, scan.Bool, "tool_choice.disable_parallel_tool_use")); err != nil {
		return err
	}
	switch string(canon.Inside(v.Get("type"))) {
	case "auto":
		c.Mode = canon.ChoiceAuto
	case "any":
		c.Mode = canon.ChoiceRequired
	case "none":
		c.Mode = canon.ChoiceNone
	case "tool":
		c.Mode, c.Name = canon.ChoiceNamed, v.Get("name")
		if c.Name.Kind() != scan.String {
			return canon.Errorf("tool_choice.name", "must be a string")
		}
	default:
		c.Mode = canon.ChoiceOther
	}
	if one.True() {
		d.r.Fields[canon.Parallel] = literalFalse
	}
	known := []string{"type", "disable_parallel_tool_use", "name"}
	if c.Mode != canon.ChoiceNamed {
		known = known[:2]
	}
	d.r.Extra = canon.Strangers(d.r.Extra, "tool_choice", v, known...)
	return nil
}

// oldFormat is what a beta called output_config.format.
const oldFormat = "output_format"

// output reads how the answer must look and how much the model is to think about it.
func (d *decoder) output(f *[reqMembers]scan.Value) error {
	format, at := f[reqOutputFormat], oldFormat
	if v := f[reqOutput]; v != nil {
		effort := v.Get("effort")
		if err := first(want(v, scan.Object, "output_config"), want(effort, scan.String, "output_config.effort")); err != nil {
			return err
		}
		d.r.Fields[canon.OutputConfig] = v
		d.r.Reason.Effort = canon.Inside(effort)
		d.tunes("output_config", v, "format", "effort")
		if own := v.Get("format"); own != nil {
			format, at = own, "output_config.format"
		}
	}
	if err := d.format(format, at); err != nil {
		return err
	}
	return d.thinking(f[reqThinking])
}

// format reads the form that the answer must have.
func (d *decoder) format(v scan.Value, at string) error {
	if v == nil || v.Kind() == scan.Null {
		return nil
	}
	out := &d.r.Format
	out.Raw, out.Kind, out.Field = v, canon.FormatOther, at
	d.r.FormatSchema = at + ".schema"
	if string(canon.Inside(v.Get("type"))) != "json_schema" {
		return nil
	}
	out.Kind, out.Schema = canon.FormatSchema, v.Get("schema")
	d.r.Extra = canon.Strangers(d.r.Extra, at, v, "type", "schema")
	if out.Schema.Kind() != scan.Object {
		return canon.Errorf(d.r.FormatSchema, "must be an object")
	}
	return nil
}

// thinking reads how the model is to think. One that may think between the calls of
// tools only is asked not to think by the vendor's own SDK if a model does not know that
// (anthropic-sdk-go#410).
func (d *decoder) thinking(v scan.Value) error {
	if v == nil {
		return nil
	}
	reason, budget, known := &d.r.Reason, v.Get("budget_tokens"), []string{"type", "budget_tokens"}
	if err := first(want(v, scan.Object, "thinking"), want(budget, scan.Number, "thinking.budget_tokens")); err != nil {
		return err
	}
	reason.Raw = v
	switch string(canon.Inside(v.Get("type"))) {
	case "enabled":
		reason.Mode = canon.ReasonOn
		reason.Budget, _ = budget.Int()
	case "adaptive":
		reason.Mode, known = canon.ReasonAdaptive, known[:1]
	case "disabled":
		reason.Mode, known = canon.ReasonOff, known[:1]
	case "between_tools":
		reason.Mode, known = canon.ReasonOff, nil
	default:
		return canon.Errorf("thinking.type", "must be enabled, adaptive, between_tools or disabled")
	}
	d.tunes("thinking", v, known...)
	return nil
}

// tunes notes the members of an object that are not read. All that such an object says
// only tunes.
func (d *decoder) tunes(at string, v scan.Value, read ...string) {
	n := len(d.r.Extra)
	d.r.Extra = canon.Strangers(d.r.Extra, at, v, read...)
	for i := range d.r.Extra[n:] {
		d.r.Extra[n+i].Tuning = true
	}
}
