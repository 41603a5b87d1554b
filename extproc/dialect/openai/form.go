package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var (
	pickedMembers = []string{"type", "function", "custom"}
	namedMembers  = []string{"name"}
	formatMembers = []string{"type", "json_schema"}
	schemaMembers = []string{"name", "schema", "strict", "description"}
)

// choice reads which tools the model may call. Some clients write the words of other APIs
// as a type.
func (d *decoder) choice(f *[reqMembers]scan.Value) (err error) {
	v := f[canon.ToolChoiceField]
	c := &d.r.Choice
	c.Raw = v
	switch v.Kind() {
	case scan.Invalid:
		return nil
	case scan.String:
		c.Mode = modeOf(v)
		return nil
	case scan.Object:
	default:
		return canon.Errorf("tool_choice", "must be a string or an object")
	}
	var m [3]scan.Value
	var name [1]scan.Value
	extra, err := canon.PickInside("tool_choice", v, pickedMembers, m[:], d.r.Extra)
	kind, named := string(canon.Inside(m[0])), m[1]
	if kind == "custom" {
		named = m[2]
	}
	if err == nil && named.Kind() == scan.Object {
		extra, err = canon.PickInside("tool_choice."+kind, named, namedMembers, name[:], extra)
	}
	if err != nil {
		return canon.Errorf("tool_choice", "%v", err)
	}
	c.Mode = modeOf(m[0])
	if (kind == "function" || kind == "custom") && name[0].Kind() == scan.String {
		c.Mode, c.Name = canon.ChoiceNamed, name[0]
	}
	if c.Mode != canon.ChoiceOther { // which is named as a whole
		d.r.Extra = extra
	}
	return nil
}

func modeOf(v scan.Value) canon.ToolMode {
	switch string(canon.Inside(v)) {
	case "auto":
		return canon.ChoiceAuto
	case "none":
		return canon.ChoiceNone
	case "required", "any":
		return canon.ChoiceRequired
	default:
		return canon.ChoiceOther
	}
}

// format reads the form that the answer must have.
func (d *decoder) format(f *[reqMembers]scan.Value) (err error) {
	v := f[canon.FormatField]
	if v == nil {
		return nil
	}
	if v.Kind() != scan.Object {
		return canon.Errorf("response_format", "must be an object")
	}
	out := &d.r.Format
	out.Raw, out.Kind = v, canon.FormatOther
	var m [2]scan.Value
	extra, err := canon.PickInside("response_format", v, formatMembers, m[:], d.r.Extra)
	if err != nil {
		return canon.Errorf("response_format", "%v", err)
	}
	switch string(canon.Inside(m[0])) {
	case "text":
		out.Kind = canon.FormatText
	case "json_object":
		out.Kind = canon.FormatObject
	case "json_schema":
		out.Kind = canon.FormatSchema
		extra, err = readSchema(m[1], out, extra)
	default:
		return nil // it is named as a whole
	}
	d.r.Extra = extra
	return err
}

func readSchema(v scan.Value, out *canon.Format, extra []canon.Member) ([]canon.Member, error) {
	const at = "response_format.json_schema"
	var s [4]scan.Value
	extra, err := canon.PickInside(at, v, schemaMembers, s[:], extra)
	if err != nil {
		return extra, canon.Errorf(at, "%v", err)
	}
	out.Name, out.Schema, out.Strict, out.Description = s[0], s[1], s[2], s[3]
	if out.Schema.Kind() != scan.Object {
		return extra, canon.Errorf(at+".schema", "must be an object")
	}
	return extra, first(want(s[0], scan.String, at, ".name"), want(s[3], scan.String, at, ".description"), want(s[2], scan.Bool, at, ".strict"))
}
