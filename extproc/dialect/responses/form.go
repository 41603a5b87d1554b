package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var reasoningMembers = []string{"effort"}

// reasons reads how much the model is to think. The object stays whole in Raw; what it
// says besides the effort is named by its path.
func (d *decoder) reasons(f *[reqMembers]scan.Value) (err error) {
	v := f[reqReasoning]
	if v == nil {
		return nil
	}
	var m [1]scan.Value
	if d.r.Extra, err = canon.PickInside("reasoning", v, reasoningMembers, m[:], d.r.Extra); err != nil {
		return canon.Errorf("reasoning", "%v", err)
	}
	for i := range d.r.Extra {
		switch e := &d.r.Extra[i]; string(e.Name) {
		case "reasoning.summary", "reasoning.generate_summary": // a summary comes of all reasoning that is shown
			e.Read = true
		}
	}
	d.r.Reason.Raw = v
	if m[0] == nil {
		return want(v, scan.Object, "reasoning")
	}
	d.r.Reason.Mode, d.r.Reason.Effort = canon.ReasonOn, canon.Inside(m[0])
	if string(d.r.Reason.Effort) == "none" {
		d.r.Reason.Mode = canon.ReasonOff
	}
	return want(m[0], scan.String, "reasoning.effort")
}

var (
	textMembers   = []string{"format", "verbosity"}
	formatMembers = []string{"type", "name", "schema", "strict", "description"}
)

// text reads the form that the answer must have. The object format stays whole in Raw.
func (d *decoder) text(f *[reqMembers]scan.Value) (err error) {
	if f[reqText] == nil {
		return nil
	}
	var m [2]scan.Value
	if d.r.Extra, err = canon.PickInside("text", f[reqText], textMembers, m[:], d.r.Extra); err != nil {
		return canon.Errorf("text", "%v", err)
	}
	d.r.Fields[canon.Verbosity] = m[1]
	if err = first(want(f[reqText], scan.Object, "text"), want(m[1], scan.String, "text.verbosity")); err != nil || m[0] == nil {
		return err
	}
	return d.format(m[0])
}

func (d *decoder) format(v scan.Value) error {
	const at = "text.format"
	if v.Kind() != scan.Object {
		return canon.Errorf(at, "must be an object")
	}
	out := &d.r.Format
	out.Raw, out.Kind = v, canon.FormatOther
	var s [5]scan.Value
	extra, err := canon.PickInside(at, v, formatMembers, s[:], d.r.Extra)
	if err != nil {
		return canon.Errorf(at, "%v", err)
	}
	switch string(canon.Inside(s[0])) {
	case "text":
		out.Kind = canon.FormatText
	case "json_object":
		out.Kind = canon.FormatObject
	case "json_schema":
		out.Kind = canon.FormatSchema
		out.Name, out.Schema, out.Strict, out.Description = s[1], s[2], s[3], s[4]
		err = readSchema(out, at)
	default:
		return nil // it is named as a whole
	}
	d.r.Extra = extra
	return err
}

func readSchema(out *canon.Format, at string) error {
	if out.Schema.Kind() != scan.Object {
		return canon.Errorf(at+".schema", "must be an object")
	}
	return first(want(out.Name, scan.String, at, ".name"), want(out.Description, scan.String, at, ".description"), want(out.Strict, scan.Bool, at, ".strict"))
}
