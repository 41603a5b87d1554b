package openai

import (
	"github.com/headgate/headgate/extproc/canon"
)

// unasked returns the last message if nothing of it is left to send: what the model was
// asked would be lost, or it would go on with what it said before. It is nil if all is
// well.
func (e *encoder) unasked() *canon.Message {
	for i := len(e.r.Messages) - 1; i >= 0; i-- {
		m := &e.r.Messages[i]
		if m.Role == canon.RoleOther && e.same || e.writes(m) || e.same && len(m.Parts) == 0 && !e.mustSpeak(m) {
			return nil
		}
		if m.Role == canon.RoleUser || i == 0 {
			return m
		}
	}
	return nil
}

// mustSpeak reports whether a message goes if it says nothing.
func (e *encoder) mustSpeak(m *canon.Message) bool {
	return e.t.Quirks.NoSilentTurn && m.Role == canon.RoleAssistant
}

// writes reports whether any part of a message is sent.
func (e *encoder) writes(m *canon.Message) bool {
	for i := range m.Parts {
		p := &m.Parts[i]
		if e.mustSpeak(m) && p.Kind != canon.ToolCall && (p.Kind != canon.Text || canon.Empty(p.Text)) {
			continue
		}
		if p.Kind == canon.ToolResult {
			if e.supports(p) && (m.Role == canon.RoleUser || e.pictures(p) > 0) {
				return true
			}
			continue
		}
		if e.supports(p) && (p.Kind != canon.Thinking || e.same) && p.Kind != canon.Redacted {
			return true
		}
	}
	return false
}
