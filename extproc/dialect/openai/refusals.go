package openai

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
	return has(r.Images, `"image_url"`) || has(r.PDF, `"file"`) || has(r.Audio, `"input_audio"`) || has(r.Tools, `"tools"`) ||
		r.Forced == trait.No && forces(body) || r.Prefill == trait.No && string(canon.LastRole(body)) == "assistant" ||
		t.LimitsToolNames() && misnamed(body, int(r.ToolName))
}

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
	for e := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Get("tools").Elements(); e.Next(); {
		if v := e.Value(); !canon.TakesToolName(v.Get("function").Get("name"), max) || !canon.TakesToolName(v.Get("custom").Get("name"), max) {
			return true
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
