package openai

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a message, of a request and of an answer.
const (
	msgRole = iota
	msgContent
	msgName
	msgCalls
	msgCallID
	msgRefusal
	msgReasoningContent
	msgReasoning
	msgDetails
	msgCache
	msgBlocks
	msgFunctionCall
	msgMembers
)

var messageMembers = []string{"role", "content", "name", "tool_calls", "tool_call_id", "refusal",
	"reasoning_content", "reasoning", "reasoning_details", "cache_control", "thinking_blocks", "function_call"}

func (d *decoder) messages(f *[reqMembers]scan.Value) error {
	list := f[reqMessages]
	if list.Kind() != scan.Array {
		return canon.Errorf("messages", "must be a list")
	}
	n := bytes.Count(list, []byte(`"role"`))
	d.r.Messages = make([]canon.Message, 0, min(n, 1024))
	d.parts = make([]canon.Part, 0, min(n, 1024))
	e := list.Elements()
	for i := int32(0); e.Next(); i++ {
		if err := d.message(e.Value(), i); err != nil {
			return err
		}
	}
	if len(d.r.Messages) == 0 {
		return canon.Errorf("messages", "must not be empty")
	}
	return nil
}

func (d *decoder) message(v scan.Value, at int32) error {
	path := func() string { return fmt.Sprintf("messages[%d]", at) }
	if v.Kind() != scan.Object {
		return canon.Errorf(path(), "must be an object")
	}
	var f [msgMembers]scan.Value
	extra, err := canon.Pick(v.Fields(), messageMembers, f[:], nil)
	if err != nil {
		return canon.Errorf(path(), "%v", err)
	}
	if want(f[msgName], scan.String) != nil {
		return canon.Errorf(path()+".name", "must be a string")
	}
	m := canon.Message{At: at, Name: f[msgName], Extra: extra}
	start := len(d.parts)
	switch string(canon.Inside(f[msgRole])) {
	case "system":
		m.Role = canon.RoleSystem
	case "developer":
		m.Role = canon.RoleDeveloper
	case "user":
		m.Role = canon.RoleUser
	case "assistant":
		m.Role = canon.RoleAssistant
	case "tool", "function":
		m.Role = canon.RoleUser
		err = d.result(&f, at)
		m.Parts = d.since(start)
		d.r.Messages = append(d.r.Messages, m)
		return err
	default:
		if f[msgRole].Kind() != scan.String {
			return canon.Errorf(path()+".role", "must be a string")
		}
		m.Extra = nil
		d.parts = append(d.parts, canon.Part{Kind: canon.Other, Raw: v, Type: canon.Inside(f[msgRole]), Place: canon.Place{Message: at, List: canon.InMessage}})
	}
	if m.Role != canon.RoleOther {
		err = d.body(&f, at)
	}
	m.Parts = d.since(start)
	keepReasoning(&m, &f)
	if m.Role == canon.RoleAssistant {
		canon.Answered(&m)
	}
	keepCache(&m, f[msgCache])
	d.r.Messages = append(d.r.Messages, m)
	return err
}

// keepCache gives the last part of a message the breakpoint of the whole.
func keepCache(m *canon.Message, cache scan.Value) {
	switch n := len(m.Parts); {
	case cache == nil || m.Role == canon.RoleOther:
	case n > 0 && m.Parts[n-1].Cache == nil:
		m.Parts[n-1].Cache = cache
	default:
		m.Extra = append(m.Extra, canon.Member{Name: []byte("cache_control"), Value: cache, Tuning: true})
	}
}

// since returns the parts from start on, which later ones do not overwrite.
func (d *decoder) since(start int) []canon.Part {
	return d.parts[start:len(d.parts):len(d.parts)]
}

// body reads what a message or an answer says: reasoning, content, calls.
func (d *decoder) body(f *[msgMembers]scan.Value, at int32) error {
	d.reasoning(f, at)
	if err := d.content(f[msgContent], at); err != nil {
		return err
	}
	if !canon.Empty(f[msgRefusal]) {
		d.parts = append(d.parts, canon.Part{Kind: canon.Refusal, Text: f[msgRefusal], Place: canon.Place{Message: at, Item: -1}})
	}
	if err := d.functionCall(f[msgFunctionCall], at); err != nil {
		return err
	}
	return d.calls(f[msgCalls], at)
}

// result reads a tool message.
func (d *decoder) result(f *[msgMembers]scan.Value, at int32) error {
	id, twin := canon.ReadCallID(f[msgCallID])
	own := decoder{r: d.r}
	if err := own.content(f[msgContent], at); err != nil {
		return err
	}
	d.parts = append(d.parts, canon.Part{Kind: canon.ToolResult, ID: id, Twin: twin, Name: f[msgName], Content: own.parts, Cache: f[msgCache],
		Type: canon.Inside(f[msgRole]), Place: canon.Place{Message: at, List: canon.InMessage}})
	return nil
}

func (d *decoder) content(v scan.Value, at int32) error {
	place := canon.Place{Message: at, Item: -1}
	switch v.Kind() {
	case scan.Invalid:
		return nil
	case scan.String:
		d.parts = append(d.parts, canon.Part{Kind: canon.Text, Text: v, Place: place})
		return nil
	case scan.Array:
	default:
		return canon.Errorf(place.Path(), "must be a string or a list of parts")
	}
	e := v.Elements()
	for place.Item = 0; e.Next(); place.Item++ {
		p := canon.Part{Place: place}
		if err := readPart(e.Value(), &p); err != nil {
			return canon.Errorf(place.Path(), "%v", err)
		}
		d.parts = append(d.parts, p)
	}
	return nil
}
