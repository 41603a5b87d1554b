package openai

import (
	"github.com/headgate/headgate/extproc/canon"
)

// supports reports whether the backend takes a part.
func (e *encoder) supports(p *canon.Part) bool {
	if e.t.RefusesPart(p) {
		return false
	}
	if e.same {
		return true
	}
	// A part of a tool's result is of no role: images go into the user's message.
	users := p.Role == canon.RoleUser || p.Role == canon.RoleOther
	switch p.Kind {
	case canon.Other, canon.Redacted:
		return false
	case canon.ToolCall:
		return !p.Alone && p.Role == canon.RoleAssistant
	case canon.ToolResult:
		return !p.Alone && p.Role == canon.RoleUser
	case canon.Thinking:
		return e.t.Quirks.ReplayReasoning && p.Role == canon.RoleAssistant
	case canon.Image:
		return users && p.IsImage()
	case canon.Document:
		return p.Source == canon.FromText || users && p.IsPDF()
	case canon.Audio:
		return users
	default:
		return true
	}
}

func (e *encoder) lacks(p *canon.Part) (canon.UnsupportedKind, string) {
	if e.t.RefusesPart(p) {
		return canon.Meaning, "the model does not take it"
	}
	if why, refers := p.RefersToItem(); refers {
		return canon.Meaning, why
	}
	switch p.Kind {
	case canon.Thinking, canon.Redacted:
		return canon.Tuning, "it does not take another provider's reasoning back"
	case canon.Image:
		return canon.Meaning, "it takes no images, or none of this source"
	case canon.Document:
		return canon.Meaning, "it takes PDF data and plain text only"
	case canon.ToolCall:
		return canon.Meaning, "the next message must answer this call"
	case canon.ToolResult:
		return canon.Meaning, "it answers no call of the message before, or one that has its result"
	default:
		return canon.Meaning, "this kind of content is another dialect's"
	}
}
