package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var (
	callMembers   = []string{"id", "type", "function", "index", "custom"}
	calledMembers = []string{"name", "arguments"}
)

// calls reads the tool calls of an assistant's message.
func (d *decoder) calls(list scan.Value, at int32) error {
	if err := want(list, scan.Array); err != nil && d.r != nil {
		return canon.Errorf(fmt.Sprintf("messages[%d].tool_calls", at), "must be a list")
	}
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
	var f [5]scan.Value
	extra, err := canon.Pick(v.Fields(), callMembers, f[:], nil)
	if err != nil {
		return err
	}
	p.Type, p.Raw = canon.Inside(f[1]), v
	p.ID, p.Extra = f[0], extra
	switch {
	case string(p.Type) == "custom" && f[4].Kind() == scan.Object:
		return readCustomCall(f[4], p)
	case len(p.Type) > 0 && string(p.Type) != "function" || f[2].Kind() != scan.Object:
		p.Kind, p.ID, p.Extra = canon.Other, nil, nil
		return nil
	}
	return readCalled(f[2], p, "function")
}

// readCalled reads what a call calls.
func readCalled(v scan.Value, p *canon.Part, at string) (err error) {
	var fn [2]scan.Value
	if p.Extra, err = canon.PickInside(at, v, calledMembers, fn[:], p.Extra); err != nil {
		return err
	}
	p.Kind, p.Name, p.Args = canon.ToolCall, fn[0], fn[1]
	p.Broken = !canon.IsObject(p.Args)
	return wantString(p.Name, at, ".name")
}
