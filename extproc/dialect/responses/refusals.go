package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// MayRefuse reports whether a body may hold what the model refuses whoever sends it: a word
// of it may stand in a text, which only costs the reading.
func (Dialect) MayRefuse(body []byte, t *canon.Target) bool {
	has := func(s trait.Support, word string) bool { return s == trait.No && bytes.Contains(body, []byte(word)) }
	r := &t.Traits
	return has(r.Images, `"input_image"`) || has(r.PDF, `"input_file"`) || has(r.Audio, `"input_audio"`) || has(r.Tools, `"tools"`) ||
		r.Forced == trait.No && forces(body) || r.Prefill == trait.No && string(canon.LastRole(body)) == "assistant" ||
		t.LimitsToolNames() && misnamed(body, int(r.ToolName))
}

// Scattered is false: an item finds the call that it answers by its id.
func (Dialect) Scattered([]byte, *canon.Target) bool { return false }

// forces reports whether a body's choice is a tool that the model must call.
func forces(body []byte) bool {
	v := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Get("tool_choice")
	return v.Kind() == scan.Object || string(canon.Inside(v)) == "required"
}

// misnamed reports whether a function's name is not one that the model takes.
func misnamed(body []byte, max int) bool {
	if !bytes.Contains(body, []byte(`"tools"`)) {
		return false
	}
	v := scan.Value(bytes.TrimLeft(body, " \t\r\n"))
	if misnamedIn(v.Get("tools"), max) {
		return true
	}
	if !bytes.Contains(body, []byte(`"`+addsTools+`"`)) {
		return false
	}
	for e := v.Get("input").Elements(); e.Next(); {
		if misnamedIn(e.Value().Get("tools"), max) {
			return true
		}
	}
	return false
}

// misnamedIn is the same of a list of tools, and of the namespaces in it.
func misnamedIn(list scan.Value, max int) bool {
	for e := list.Elements(); e.Next(); {
		t := e.Value()
		inside := t.Get("tools")
		if inside == nil && !canon.TakesToolName(t.Get("name"), max) {
			return true
		}
		for i := inside.Elements(); i.Next(); {
			if !canon.TakesToolName(i.Value().Get("name"), max) {
				return true
			}
		}
	}
	return false
}

// takesTools reports whether the model takes tools, so far as is known.
func (e *encoder) takesTools() bool { return e.t.Traits.Tools != trait.No }

// unforced reports whether the choice of a tool that must be called is the model's own.
func (e *encoder) unforced() bool {
	c := e.r.Choice.Mode
	return e.t.Traits.Forced == trait.No && (c == canon.ChoiceRequired || c == canon.ChoiceNamed)
}

// prefills reports whether a message is the assistant's last words, which the model is to
// go on with, and refuses to.
func (e *encoder) prefills(i int) bool {
	return e.t.Traits.Prefill == trait.No && i > 0 && i == len(e.r.Messages)-1 && e.r.Messages[i].Role == canon.RoleAssistant
}

// refusals finds what the model refuses whoever sends it, but for parts of messages.
func (e *encoder) refusals(add adder) {
	if len(e.r.Tools) > 0 && !e.takesTools() {
		add(canon.Meaning, e.r.ToolsName(), "the model takes no tools")
	}
	if len(e.r.Tools) > 0 && e.takesTools() && e.unforced() {
		add(canon.Meaning, e.r.ChoiceName(), "the model cannot be made to call a tool")
	}
	if last := len(e.r.Messages) - 1; e.prefills(last) && e.writes(&e.r.Messages[last]) {
		add(canon.Meaning, e.r.MessagePath(e.r.Messages[last].At)+".role", "the model does not go on with an assistant's message")
	}
}
