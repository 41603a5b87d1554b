package responses

import "github.com/headgate/headgate/extproc/canon"

// unasked returns the last message if nothing of it is left to send: what the model was
// asked would be lost, or it would go on with what it said before. It is nil if all is
// well.
func (e *encoder) unasked() *canon.Message {
	if e.same && held(e.r) {
		return nil
	}
	for i := len(e.r.Messages) - 1; i >= 0; i-- {
		m := &e.r.Messages[i]
		if e.writes(m) || e.same && len(m.Parts) == 0 {
			return nil
		}
		if m.Role == canon.RoleUser || i == 0 {
			return m
		}
	}
	return nil
}

// writes reports whether any part of a message is sent. Reasoning by itself asks nothing.
func (e *encoder) writes(m *canon.Message) bool {
	for i := range m.Parts {
		p := &m.Parts[i]
		if e.supports(p) && (e.same || p.Kind != canon.Thinking && p.Kind != canon.Redacted) {
			return true
		}
	}
	return false
}
