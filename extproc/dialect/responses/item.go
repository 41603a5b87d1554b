package responses

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// decoder reads items, of a request or of an answer, into one list of parts.
type decoder struct {
	r      *canon.Request // nil: an answer is read
	parts  []canon.Part   // all of them: messages hold pieces of it
	extra  []canon.Member // all of them: messages and parts hold pieces of it
	id     scan.Value     // of the answer
	called int            // calls of the answer that were read
	listed int            // tools of the request that are no item's
}

// since returns the parts from start on, which later ones do not overwrite.
func (d *decoder) since(start int) []canon.Part {
	return d.parts[start:len(d.parts):len(d.parts)]
}

// pick reads members as canon.Pick does. Those that are not known are a piece of all.
func (d *decoder) pick(v scan.Value, names []string, into []scan.Value) (extra []canon.Member, err error) {
	start := len(d.extra)
	d.extra, err = canon.Pick(v.Fields(), names, into, d.extra)
	return d.extra[start:len(d.extra):len(d.extra)], err
}

// Members of an item. No kind of item has all of them.
const (
	itemType = iota
	itemRole
	itemContent
	itemCallID
	itemName
	itemArguments
	itemInput
	itemOutput
	itemSummary
	itemEncrypted
	itemMembers
)

var itemNames = []string{"type", "role", "content", "call_id", "name", "arguments", "input", "output", "summary", "encrypted_content"}

// item reads an item as a message of its own: neighbours of one role are one turn. What
// only Responses has of it stays in Extra: of a message its own (of an answer's: see
// keepItem), of any other kind that of its part, whose Raw is the whole item. A kind that
// this reader does not know is a part that is carried whole.
func (d *decoder) item(v scan.Value, at int32) (m canon.Message, err error) {
	m.At = at
	if v.Kind() != scan.Object {
		return m, canon.Errorf(itemPath(at), "must be an object")
	}
	start := len(d.parts)
	switch kind := canon.Inside(v.Get("type")); string(kind) {
	case "message", "":
		err = d.message(v, &m)
	case "function_call", "custom_tool_call":
		m.Role, err = canon.RoleAssistant, d.call(v, at, string(kind) == "custom_tool_call")
	case "function_call_output", "custom_tool_call_output":
		m.Role, err = canon.RoleUser, d.result(v, at, string(kind) == "custom_tool_call_output")
	case "reasoning":
		m.Role, err = canon.RoleAssistant, d.reasoning(v, at)
	default:
		m.Role = canon.RoleAssistant
		d.whole(v, kind, at)
	}
	m.Parts = d.since(start)
	return m, err
}

func itemPath(at int32) string { return fmt.Sprintf("input[%d]", at) }

// whole carries an item that only this dialect understands.
func (d *decoder) whole(v scan.Value, kind []byte, at int32) {
	d.parts = append(d.parts, canon.Part{Kind: canon.Other, Type: kind, Raw: v, Place: canon.Place{Message: at, List: canon.InItem}})
}

// members reads the members of an item, and marks those that are not wanted or not known.
func (d *decoder) members(v scan.Value, at int32, wanted ...int) (f [itemMembers]scan.Value, extra []canon.Member, err error) {
	if extra, err = d.pick(v, itemNames, f[:]); err != nil {
		return f, nil, canon.Errorf(itemPath(at), "%v", err)
	}
	for i := range f {
		if f[i] != nil && i != itemType && !contains(wanted, i) {
			extra = append(extra, canon.Member{Name: []byte(itemNames[i]), Value: f[i]})
		}
	}
	return f, ofItem(extra), nil
}

func contains(list []int, n int) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}

// call reads the call of a tool.
func (d *decoder) call(v scan.Value, at int32, custom bool) error {
	args := itemArguments
	if custom {
		args = itemInput
	}
	f, extra, err := d.members(v, at, itemCallID, itemName, args)
	if err != nil {
		return err
	}
	p := canon.Part{Kind: canon.ToolCall, Custom: custom, ID: f[itemCallID], Name: f[itemName], Args: f[args],
		Raw: v, Extra: extra, Type: canon.Inside(f[itemType]), Place: canon.Place{Message: at, List: canon.InItem}}
	if d.r == nil {
		p.ID = canon.ServerCallID(p.ID, d.id, d.called)
		d.called++
	} else {
		p.ID, p.Twin = canon.ReadCallID(p.ID)
	}
	if custom {
		err = wantString(p.Args, "input")
	} else {
		p.Broken = !canon.IsObject(p.Args)
	}
	d.parts = append(d.parts, p)
	if err = first(wantString(p.Name, "name"), err); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	return nil
}

// result reads what a tool said.
func (d *decoder) result(v scan.Value, at int32, custom bool) error {
	f, extra, err := d.members(v, at, itemCallID, itemOutput)
	if err != nil {
		return err
	}
	id, twin := canon.ReadCallID(f[itemCallID])
	inner := decoder{r: d.r}
	if err := inner.content(f[itemOutput], canon.Place{Message: at, List: canon.InItemOutput}); err != nil {
		return err
	}
	d.parts = append(d.parts, canon.Part{Kind: canon.ToolResult, Custom: custom, ID: id, Twin: twin, Content: inner.parts,
		Raw: v, Extra: extra, Type: canon.Inside(f[itemType]), Place: canon.Place{Message: at, List: canon.InItem}})
	return nil
}
