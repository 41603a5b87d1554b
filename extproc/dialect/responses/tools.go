package responses

import (
	"fmt"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a tool.
const (
	toolType = iota
	toolName
	toolDescription
	toolParameters
	toolStrict
	toolFormat
	toolMembers
)

var toolNames = []string{"type", "name", "description", "parameters", "strict", "format"}

func (d *decoder) tools(f *[reqMembers]scan.Value) error {
	d.r.ToolList = f[canon.ToolsField]
	err := d.toolList(d.r.ToolList, "", nil)
	d.listed = len(d.r.Tools)
	return err
}

// toolList reads the tools of a list: the request's own, or that of an item or a namespace,
// whose path it is given.
func (d *decoder) toolList(list scan.Value, in string, namespace scan.Value) error {
	if err := want(list, scan.Array, in, "tools"); err != nil {
		return err
	}
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		path := ""
		if i != len(d.r.Tools) || in != "" {
			path = in + "tools[" + strconv.Itoa(i) + "]"
		}
		t, err := readTool(e.Value())
		if err != nil {
			return canon.Errorf(fmt.Sprintf("%stools[%d]", in, i), "%v", err)
		}
		if t.Other && namespace == nil {
			inside, err := d.namespace(t.Raw, in, i)
			if inside || err != nil {
				if err != nil {
					return err
				}
				continue
			}
		}
		t.Offered = t.Other && d.r.Choice.Mode != canon.ChoiceRequired
		t.Path, t.Namespace = path, namespace
		d.r.Tools = append(d.r.Tools, t)
	}
	return nil
}

// readTool reads a tool. Those that the server runs itself are carried whole.
func readTool(v scan.Value) (canon.Tool, error) {
	t := canon.Tool{Raw: v}
	if v.Kind() != scan.Object {
		return t, fmt.Errorf("must be an object")
	}
	var f [toolMembers]scan.Value
	var err error
	if t.Extra, err = canon.Pick(v.Fields(), toolNames, f[:], nil); err != nil {
		return t, err
	}
	canon.Tunes(t.Extra, tuningOfTools...)
	switch string(canon.Inside(f[toolType])) {
	case "function":
		t.Schema, t.Strict = f[toolParameters], f[toolStrict]
	case "custom":
		t.Custom, t.Format = true, f[toolFormat]
	default:
		t.Other, t.Extra = true, nil
		return t, nil
	}
	t.Name, t.Description = f[toolName], f[toolDescription]
	return t, first(wantString(t.Name, "name"), want(t.Description, scan.String, "description"), want(t.Strict, scan.Bool, "strict"), want(t.Format, scan.Object, "format"))
}

var choiceMembers = []string{"type", "name"}

// choice reads which tools the model may call.
func (d *decoder) choice(f *[reqMembers]scan.Value) error {
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
	var m [2]scan.Value
	extra, err := canon.PickInside("tool_choice", v, choiceMembers, m[:], d.r.Extra)
	if err != nil {
		return canon.Errorf("tool_choice", "%v", err)
	}
	switch kind := string(canon.Inside(m[0])); {
	case (kind == "function" || kind == "custom") && m[1].Kind() == scan.String:
		c.Mode, c.Name = canon.ChoiceNamed, m[1]
	default:
		c.Mode = modeOf(m[0])
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
	case "required":
		return canon.ChoiceRequired
	default:
		return canon.ChoiceOther
	}
}
