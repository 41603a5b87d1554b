package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Functions are what tools were before there were tools: the members functions and
// function_call of a request, the member function_call of an assistant's message, and
// messages of the role function. A call has no id, so the next result is its own. They are
// read as tools; a client that knows no tools gets its answers in their form.

// byFunction reports whether a call or a result is written in their form.
func byFunction(p *canon.Part) bool {
	return p.Place.List == canon.InFunctionCall || p.Kind == canon.ToolResult && string(p.Type) == "function"
}

var legacyMembers = []string{"name", "description", "parameters", "strict", "cache_control"}

func (d *decoder) functions(f *[reqMembers]scan.Value) error {
	list := f[reqFunctions]
	if err := want(list, scan.Array, "functions"); err != nil {
		return err
	}
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		t := canon.Tool{Raw: e.Value(), Function: true}
		err := want(t.Raw, scan.Object, "")
		var fn [5]scan.Value
		if err == nil {
			t.Extra, err = canon.Pick(t.Raw.Fields(), legacyMembers, fn[:], nil)
		}
		if err = first(err, readFunction(&t, &fn, "")); err != nil {
			return canon.Errorf(fmt.Sprintf("functions[%d]", i), "%v", err)
		}
		d.r.Tools = append(d.r.Tools, t)
	}
	return d.functionChoice(f[reqFunctionCall])
}

// functionChoice reads which function the model may call.
func (d *decoder) functionChoice(v scan.Value) (err error) {
	c := &d.r.Choice
	if v == nil || c.Mode != canon.ChoiceUnset {
		return nil
	}
	c.Raw, c.Function = v, true
	switch v.Kind() {
	case scan.String:
		c.Mode = modeOf(v)
	case scan.Object:
		var name [1]scan.Value
		if d.r.Extra, err = canon.PickInside("function_call", v, namedMembers, name[:], d.r.Extra); err != nil {
			return canon.Errorf("function_call", "%v", err)
		}
		c.Mode, c.Name = canon.ChoiceNamed, name[0]
		if c.Name.Kind() != scan.String {
			return canon.Errorf("function_call.name", "must be a string")
		}
	default:
		return canon.Errorf("function_call", "must be a string or an object")
	}
	return nil
}

// functionCall reads the call of an assistant's message.
func (d *decoder) functionCall(v scan.Value, at int32) error {
	if v == nil {
		return nil
	}
	p := canon.Part{Raw: v, Place: canon.Place{Message: at, Item: -1, List: canon.InFunctionCall}}
	if v.Kind() != scan.Object {
		return canon.Errorf(p.Place.Path(), "must be an object")
	}
	var fn [2]scan.Value
	var err error
	if p.Extra, err = canon.Pick(v.Fields(), calledMembers, fn[:], nil); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	p.Kind, p.Name, p.Args = canon.ToolCall, fn[0], fn[1]
	p.Broken = !canon.IsObject(p.Args)
	d.identify(&p)
	d.parts = append(d.parts, p)
	if err = wantString(p.Name, "name"); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	return nil
}
