package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxCalls bounds the tool calls of one answer, which are searched one by one.
const maxCalls = 1024

// call reads a fragment of a tool call. at is its place in the delta, which
// counts if a server sends no index.
func (d *StreamDecoder) call(c *choiceSeen, v scan.Value, at int) {
	var f [4]scan.Value
	var fn [2]scan.Value
	var err error
	if d.extra, err = canon.Pick(v.Fields(), callMembers, f[:], d.extra[:0]); err == nil {
		d.extra, err = canon.Pick(f[2].Fields(), calledMembers, fn[:], d.extra[:0])
	}
	if err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	index, ok := f[3].Int()
	if !ok {
		index = int64(at)
	}
	t := d.toolAt(c, int(index), f[0])
	if t == nil {
		if fn[0].Kind() != scan.String {
			d.fail(canon.Malformed("a tool call without a name"))
			return
		}
		if len(d.tools) == maxCalls {
			d.fail(canon.Malformed("too many tool calls"))
			return
		}
		t = d.newTool(c, int(index), f[0], fn[0])
	}
	if fn[1].Kind() == scan.Object { // some servers give the arguments whole, and not as text
		fn[1] = canon.AppendText(nil, fn[1])
	}
	if !canon.Empty(fn[1]) && fn[1].Kind() == scan.String {
		d.emit(canon.Event{Kind: canon.EventToolArgs, Choice: c.index, Tool: t.tool, Text: fn[1]})
	}
}

// toolAt returns the call that a fragment belongs to, nil for a new one: some
// servers give every call the same index, but an id of its own.
func (d *StreamDecoder) toolAt(c *choiceSeen, index int, id scan.Value) *toolSeen {
	for i := len(d.tools) - 1; i >= 0; i-- {
		t := &d.tools[i]
		if t.choice != c.index || t.index != index {
			continue
		}
		if in := idText(id); len(in) > 0 && t.id != "" && t.id != string(in) {
			return nil
		}
		return t
	}
	return nil
}

func (d *StreamDecoder) newTool(c *choiceSeen, index int, id, name scan.Value) *toolSeen {
	t := toolSeen{choice: c.index, index: index, tool: c.tools, id: string(idText(id))}
	id = canon.ServerCallID(id, canon.AppendQuoted(nil, d.id), len(d.tools))
	c.tools++
	c.spoke = true
	d.tools = append(d.tools, t)
	d.emit(canon.Event{Kind: canon.EventToolStart, Choice: c.index, Tool: t.tool, ID: id, Name: name})
	return &d.tools[len(d.tools)-1]
}

// idText returns what a server wrote for an id, which may be a number.
func idText(id scan.Value) []byte {
	if id.Kind() == scan.Number {
		return id
	}
	return canon.Inside(id)
}
