package responses

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
	users := p.Role == canon.RoleUser || p.Role == canon.RoleOther // of what is in a result
	switch p.Kind {
	case canon.ToolCall:
		return !p.Alone && p.Role == canon.RoleAssistant
	case canon.ToolResult:
		return !p.Alone && p.Role == canon.RoleUser
	case canon.Thinking, canon.Redacted:
		return e.replays[p]
	case canon.Image:
		return users && p.IsImage()
	case canon.Document:
		return users && (p.Source == canon.FromText || p.Source == canon.FromURL && canon.IsWebAddress(p.Data) || p.IsPDF())
	case canon.Other, canon.Audio:
		return false
	default:
		return true
	}
}

// lacks says why the backend does not take a part.
func (e *encoder) lacks(p *canon.Part) (canon.UnsupportedKind, string) {
	if e.t.RefusesPart(p) {
		return canon.Meaning, "the model does not take it"
	}
	if in := p.Place.List; p.Kind == canon.Other && (in == canon.InReasoning || in == canon.InThinkingBlocks) {
		return canon.Tuning, "it does not take another provider's reasoning back"
	}
	switch p.Kind {
	case canon.Thinking, canon.Redacted:
		return canon.Tuning, "it does not take another provider's reasoning back"
	case canon.Image:
		return canon.Meaning, "it takes no images of this source, and those of the user only"
	case canon.Document:
		return canon.Meaning, "it takes PDF data, plain text and files by address only, and those of the user"
	case canon.Audio:
		return canon.Meaning, "it takes no audio"
	case canon.ToolCall:
		return canon.Meaning, "the next message must answer this call"
	case canon.ToolResult:
		return canon.Meaning, "it answers no call of the message before, or one that has its result"
	default:
		return canon.Meaning, "this kind of content is another dialect's"
	}
}
