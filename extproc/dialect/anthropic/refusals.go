package anthropic

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
	return has(r.Images, `"image"`) || has(r.PDF, `"document"`) || has(r.Tools, `"tools"`) ||
		r.Forced == trait.No && forces(body) || r.Prefill == trait.No && string(canon.LastRole(body)) == "assistant" ||
		t.LimitsToolNames() && misnamed(body, int(r.ToolName))
}

// misnamed reports whether a tool's name is not one that the model takes.
func misnamed(body []byte, max int) bool {
	if !bytes.Contains(body, []byte(`"tools"`)) {
		return false
	}
	for e := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Get("tools").Elements(); e.Next(); {
		if !canon.TakesToolName(e.Value().Get("name"), max) {
			return true
		}
	}
	return false
}

// forces reports whether a body's choice is a tool that the model must call.
func forces(body []byte) bool {
	v := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Get("tool_choice")
	kind := string(canon.Inside(v.Get("type")))
	return kind == "any" || kind == "tool"
}

// takesTools reports whether the model takes tools, so far as is known.
func (e *encoder) takesTools() bool { return e.t.Traits.Tools != trait.No }

// unforced reports whether the choice of a tool that must be called is the model's own.
func (e *encoder) unforced() bool {
	c := e.r.Choice.Mode
	return e.t.Traits.Forced == trait.No && (c == canon.ChoiceRequired || c == canon.ChoiceNamed)
}

// refuses reports whether the model takes no part of this kind, in whatever dialect it
// came.
func (e *encoder) refuses(p *canon.Part) bool {
	switch p.Kind {
	case canon.Image:
		return e.t.Quirks.NoImages
	case canon.Document:
		return e.t.Traits.PDF == trait.No && p.Source != canon.FromText
	default:
		return false
	}
}

// refusesInside reports whether the content of a result holds such a part.
func (e *encoder) refusesInside(p *canon.Part) bool {
	for i := range p.Content {
		if e.refuses(&p.Content[i]) {
			return true
		}
	}
	return false
}

// prefills reports whether a turn is of the assistant's last words, which the model is to go
// on with, and refuses to.
func (e *encoder) prefills(n int) bool {
	return e.t.Traits.Prefill == trait.No && n > 0 && n > e.asks && e.turns[n].role == canon.RoleAssistant
}

// refusals finds what the model refuses whoever sends it.
func (u *findings) refusals() {
	e := u.e
	if len(e.r.Tools) > 0 && !e.takesTools() {
		u.add(canon.Meaning, e.r.ToolsName(), "the model takes no tools")
	}
	if len(e.r.Tools) > 0 && e.takesTools() && e.unforced() {
		u.add(canon.Meaning, e.r.ChoiceName(), "the model cannot be made to call a tool")
	}
	for n := max(0, e.asks); n < len(e.turns); n++ {
		if !e.prefills(n) || !e.says(n) {
			continue
		}
		u.add(canon.Meaning, e.r.MessagePath(e.r.Messages[e.turns[n].from].At)+".role", "the model does not go on with an assistant's message")
	}
	if !e.same {
		return // the parts are judged one by one
	}
	for i := range e.r.Messages {
		u.refusedParts(e.r.Messages[i].Parts)
	}
}

func (u *findings) refusedParts(parts []canon.Part) {
	for i := range parts {
		if p := &parts[i]; u.e.refuses(p) {
			kind, why := u.e.lacks(inResult, p)
			u.add(kind, p.Place.Path(), why)
		}
		u.refusedParts(parts[i].Content)
	}
}

// says reports whether any part of a turn would be sent.
func (e *encoder) says(n int) bool {
	for i := e.turns[n].from; i < e.turns[n].to; i++ {
		for k := range e.r.Messages[i].Parts {
			if e.writes(n, &e.r.Messages[i].Parts[k]) {
				return true
			}
		}
	}
	return false
}
