package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
)

// unasked returns the path of the last message if nothing of its turn is left to send:
// what the model was asked would be lost, or it would go on with what it said before.
// It is empty if all is well.
func (e *encoder) unasked() string {
	for n := len(e.turns) - 1; n >= 0; n-- {
		if e.writesTurn(n) {
			return ""
		}
		if t := e.turns[n]; t.role == canon.RoleUser || n == 0 {
			return e.r.MessagePath(e.r.Messages[t.to-1].At) + ".content"
		}
	}
	return e.r.ListName()
}

// writesTurn reports whether any part of a turn is sent.
func (e *encoder) writesTurn(n int) bool {
	t := e.turns[n]
	if n < e.begins || e.prefills(n) {
		return false
	}
	for i := t.from; i < t.to; i++ {
		m := &e.r.Messages[i]
		if !e.in(t, m) {
			continue
		}
		for k := range m.Parts {
			if e.writes(n, &m.Parts[k]) {
				return true
			}
		}
	}
	return false
}
