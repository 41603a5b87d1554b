package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The items of an input that are no messages, and their members. Codex sends its newest
// models both.
const (
	addsTools = "additional_tools"
	changes   = "configuration_update"
)

var carriedNames = []string{"type", "id", "role", "status", "tools", "reasoning", "text"}

// carry reads an item that is no message: one that brings tools, which join the request's,
// or one that changes how the model is to answer from there on, which no other dialect can
// say of a part of a conversation. It returns false of all others.
func (d *decoder) carry(v scan.Value, at int32) (bool, error) {
	kind := string(canon.Inside(v.Get("type")))
	if kind != addsTools && kind != changes {
		return false, nil
	}
	var m [7]scan.Value
	extra, err := canon.PickInside(itemPath(at), v, carriedNames, m[:], d.r.Extra)
	if err != nil {
		return true, canon.Errorf(itemPath(at), "%v", err)
	}
	d.r.Extra = extra
	for i, name := range carriedNames[5:] {
		if m[5+i] != nil {
			left := canon.Within(itemPath(at), []byte(name), m[5+i])
			left.Tuning = true
			d.r.Extra = append(d.r.Extra, left)
		}
	}
	from := len(d.r.Tools)
	err = d.toolList(m[4], itemPath(at)+".", nil)
	d.r.Carried = append(d.r.Carried, canon.Carried{At: at, Raw: v, From: from, To: len(d.r.Tools)})
	return true, err
}

// carried writes the items that are no messages and stand before one of the input.
func (e *encoder) carried(before int32) {
	for ; e.brought < len(e.r.Carried) && e.r.Carried[e.brought].At < before; e.brought++ {
		c := &e.r.Carried[e.brought]
		if c.To > c.From && !e.takesTools() {
			continue
		}
		e.b = scan.Splice(canon.AppendComma(e.b), c.Raw, e.toolEdits(c.Raw, e.r.Tools[c.From:c.To]))
		e.count++
	}
}
