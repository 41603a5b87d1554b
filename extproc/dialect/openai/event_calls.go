package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxCalls bounds the tool calls of one answer, which are searched one by one.
const maxCalls = 1024

// fragment is a piece of a tool call, as a delta brings it.
type fragment struct {
	index    int64
	numbered bool // the server sent an index
	placed   bool // index says which call it is of: if there is none, the place among several in a delta does
	id, name scan.Value
	rawIndex scan.Value
	args     scan.Value // a string, or nil
	custom   bool       // of a custom tool: args is its text
}

// calls reads the fragments of tool calls in a delta.
func (d *StreamDecoder) calls(c *choiceSeen, list scan.Value) {
	n, e := int64(0), list.Elements()
	for e.Next() {
		n++
	}
	e = list.Elements()
	for at := int64(0); e.Next() && !d.ended; at++ {
		d.call(c, e.Value(), at, n > 1)
	}
}

// call reads a fragment of a tool call. At is its place among several.
func (d *StreamDecoder) call(c *choiceSeen, v scan.Value, at int64, several bool) {
	f, err := d.fragment(v)
	if err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	f.placed = f.numbered || several
	if !f.numbered {
		f.index = at
	}
	t := d.toolOf(c, &f)
	if t != nil && f.beginsAgain(t) {
		if t.sum == sum(0, f.args) {
			d.note(v, &f, t, false)
			return // the server says the call once more
		}
		t = nil
	}
	fresh := t == nil
	if fresh {
		if t = d.newTool(c, &f); t == nil {
			return
		}
	}
	d.note(v, &f, t, fresh)
	if t.sum = sum(t.sum, f.args); t.custom {
		d.input(t, f.args)
		return
	}
	t.args.Feed(canon.Inside(f.args))
	if text := t.head.Feed(f.args); text != nil {
		d.emit(canon.Event{Kind: canon.EventToolArgs, Choice: c.index, Tool: t.tool, Text: text})
	}
}

// input reads a piece of a custom call's text.
func (d *StreamDecoder) input(t *toolSeen, text scan.Value) {
	if !canon.Empty(text) {
		d.emit(canon.Event{Kind: canon.EventToolArgs, Choice: t.choice, Tool: t.tool, Text: text, Custom: true})
	}
}

// note tells who wants to know which call a fragment belongs to.
func (d *StreamDecoder) note(v scan.Value, f *fragment, t *toolSeen, fresh bool) {
	if d.read != nil {
		d.read(v, f, t, fresh)
	}
}

func (d *StreamDecoder) fragment(v scan.Value) (fragment, error) {
	var f [5]scan.Value
	var fn [2]scan.Value
	var err error
	d.extra, err = canon.Pick(v.Fields(), callMembers, f[:], d.extra[:0])
	called, members := f[2], calledMembers
	custom := f[4].Kind() == scan.Object
	if custom {
		called, members = f[4], inputMembers
	}
	if err == nil {
		d.extra, err = canon.Pick(called.Fields(), members, fn[:], d.extra[:0])
	}
	at := fragment{id: f[0], rawIndex: f[3], args: fn[1], custom: custom}
	at.index, at.numbered = f[3].Int()
	if !canon.Empty(fn[0]) && fn[0].Kind() == scan.String {
		at.name = fn[0]
	}
	if len(at.args) > 0 && at.args.Kind() != scan.String { // some servers give the arguments whole, and not as text
		at.args = canon.AppendText(nil, at.args)
	}
	return at, err
}

// beginsAgain reports whether a fragment names a tool and begins arguments although
// those of the call are whole: it is of a call that has neither an id nor an index of
// its own, or says the same once more.
func (f *fragment) beginsAgain(t *toolSeen) bool {
	text := canon.SkipBlank(canon.Inside(f.args))
	return !t.custom && f.name != nil && t.args.Done() && len(text) > 0 && text[0] == '{'
}

// toolOf returns the call that a fragment belongs to, nil for a new one. Some servers
// give every call the same index, but an id of its own; others send no index, or neither.
func (d *StreamDecoder) toolOf(c *choiceSeen, f *fragment) *toolSeen {
	id := idText(f.id)
	var last *toolSeen
	for i := len(d.tools) - 1; i >= 0; i-- {
		t := &d.tools[i]
		switch {
		case t.choice != c.index || f.placed && t.index != int(f.index):
		case f.placed && len(id) > 0 && t.id != "" && t.id != string(id):
			return nil
		case f.placed, len(id) > 0 && t.id == string(id), len(id) == 0 && f.continues(t):
			return t
		case len(id) == 0 && f.name != nil:
			return nil
		case last == nil && len(id) == 0:
			last = t
		}
	}
	return last
}

// continues reports whether a fragment that has neither an index nor an id goes on with
// a call. Some servers name the tool in each fragment.
func (f *fragment) continues(t *toolSeen) bool {
	switch {
	case t.custom:
		return f.name == nil
	case f.name == nil:
		return !t.args.Done()
	case t.args.Begun():
		return !t.args.Done()
	}
	return t.name == string(f.name)
}

// newTool begins a call. It returns nil if it cannot, which ends the stream.
func (d *StreamDecoder) newTool(c *choiceSeen, f *fragment) *toolSeen {
	switch {
	case f.name == nil:
		d.fail(canon.Malformed("a tool call without a name"))
		return nil
	case len(d.tools) == maxCalls:
		d.fail(canon.Malformed("too many tool calls"))
		return nil
	}
	id := canon.ServerCallID(f.id, canon.AppendQuoted(nil, d.id), len(d.tools))
	d.tools = append(d.tools, toolSeen{choice: c.index, index: int(f.index), tool: c.tools, id: string(idText(f.id)), name: string(f.name), custom: f.custom})
	t := &d.tools[len(d.tools)-1]
	c.tools++
	c.spoke = true
	d.emit(canon.Event{Kind: canon.EventToolStart, Choice: c.index, Tool: t.tool, ID: id, Name: f.name, Custom: f.custom})
	return t
}

// idText returns what a server wrote for an id, which may be a number.
func idText(id scan.Value) []byte {
	if id.Kind() == scan.Number {
		return id
	}
	return canon.Inside(id)
}

// sum adds text to a checksum.
func sum(h uint64, text scan.Value) uint64 {
	for _, c := range canon.Inside(text) {
		h = (h ^ uint64(c)) * 1099511628211 // FNV-1a
	}
	return h
}
