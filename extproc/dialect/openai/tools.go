package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var (
	toolMembers     = []string{"type", "function", "cache_control", "custom"}
	functionMembers = []string{"name", "description", "parameters", "strict", "cache_control"}
)

func (d *decoder) tools(f *[reqMembers]scan.Value) error {
	if err := d.functions(f); err != nil {
		return err
	}
	list := f[canon.ToolsField]
	if err := want(list, scan.Array, "tools"); err != nil {
		return err
	}
	d.r.Functions = len(d.r.Tools) > 0
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		d.r.Functions = false // the client knows both
		t, err := readTool(e.Value())
		if err != nil {
			return canon.Errorf(fmt.Sprintf("tools[%d]", i), "%v", err)
		}
		d.r.Tools = append(d.r.Tools, t)
	}
	return nil
}

func readTool(v scan.Value) (canon.Tool, error) {
	t := canon.Tool{Raw: v}
	if v.Kind() != scan.Object {
		return t, fmt.Errorf("must be an object")
	}
	var f [4]scan.Value
	var err error
	if t.Extra, err = canon.Pick(v.Fields(), toolMembers, f[:], nil); err != nil {
		return t, err
	}
	t.Cache = f[2]
	switch kind := string(canon.Inside(f[0])); {
	case kind == "custom" && f[3].Kind() == scan.Object:
		return t, readCustom(f[3], &t)
	case kind != "function":
		t.Other = true
		return t, nil
	}
	var fn [5]scan.Value
	if t.Extra, err = canon.PickInside("function", f[1], functionMembers, fn[:], t.Extra); err != nil {
		return t, err
	}
	return t, readFunction(&t, &fn, "function.")
}

// readFunction takes over the members of a function. Its breakpoint of a cache may stand
// in it or beside it: the one beside it counts.
func readFunction(t *canon.Tool, fn *[5]scan.Value, at string) error {
	t.Name, t.Description, t.Schema, t.Strict = fn[0], fn[1], fn[2], fn[3]
	switch cache := fn[4]; {
	case cache == nil:
	case t.Cache == nil:
		t.Cache = cache
	default:
		t.Extra = append(t.Extra, canon.Member{Name: []byte(at + "cache_control"), Value: cache, Tuning: true, Inside: true})
	}
	return first(wantString(t.Name, at, "name"), want(t.Description, scan.String, at, "description"), want(t.Strict, scan.Bool, at, "strict"))
}
