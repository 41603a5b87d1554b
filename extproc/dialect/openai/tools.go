package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var (
	toolMembers     = []string{"type", "function", "cache_control"}
	functionMembers = []string{"name", "description", "parameters", "strict"}
)

func (d *decoder) tools(f *[reqMembers]scan.Value) error {
	list := f[canon.ToolsField]
	if list == nil {
		return nil
	}
	if list.Kind() != scan.Array {
		return canon.Errorf("tools", "must be a list")
	}
	e := list.Elements()
	for i := 0; e.Next(); i++ {
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
	var f [3]scan.Value
	var err error
	if t.Extra, err = canon.Pick(v.Fields(), toolMembers, f[:], nil); err != nil {
		return t, err
	}
	t.Cache = f[2]
	if string(canon.Inside(f[0])) != "function" {
		t.Other = true
		return t, nil
	}
	var fn [4]scan.Value
	extra, err := canon.Pick(f[1].Fields(), functionMembers, fn[:], nil)
	if err != nil {
		return t, err
	}
	if fn[0].Kind() != scan.String {
		return t, fmt.Errorf("function.name must be a string")
	}
	t.Name, t.Description, t.Schema, t.Strict = fn[0], fn[1], fn[2], fn[3]
	t.Extra = append(t.Extra, extra...)
	return t, nil
}

var (
	callMembers   = []string{"id", "type", "function", "index"}
	calledMembers = []string{"name", "arguments"}
)

// calls reads the tool calls of an assistant's message.
func (d *decoder) calls(list scan.Value, at int32) error {
	e := list.Elements()
	for i := int32(0); e.Next(); i++ {
		p := canon.Part{Place: canon.Place{Message: at, Item: i, List: canon.InToolCalls}}
		if err := readCall(e.Value(), &p); err != nil {
			return canon.Errorf(p.Place.Path(), "%v", err)
		}
		if p.Kind == canon.ToolCall {
			d.identify(&p)
		}
		d.parts = append(d.parts, p)
	}
	return nil
}

// identify reads the id of a call, which a client or a server has given it.
func (d *decoder) identify(p *canon.Part) {
	if d.r == nil {
		p.ID = canon.ServerCallID(p.ID, d.id, d.called)
		d.called++
		return
	}
	p.ID, p.Twin = canon.ReadCallID(p.ID)
}

func readCall(v scan.Value, p *canon.Part) error {
	var f [4]scan.Value
	extra, err := canon.Pick(v.Fields(), callMembers, f[:], nil)
	if err != nil {
		return err
	}
	p.Type = canon.Inside(f[1])
	if len(p.Type) > 0 && string(p.Type) != "function" || f[2].Kind() != scan.Object {
		p.Kind, p.Raw = canon.Other, v
		return nil
	}
	var fn [2]scan.Value
	if _, err = canon.Pick(f[2].Fields(), calledMembers, fn[:], nil); err != nil {
		return err
	}
	if fn[0].Kind() != scan.String {
		return fmt.Errorf("function.name must be a string")
	}
	p.Kind, p.ID, p.Name, p.Args, p.Extra = canon.ToolCall, f[0], fn[0], fn[1], extra
	p.Broken = !canon.IsObject(p.Args)
	return nil
}
