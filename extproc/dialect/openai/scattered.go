package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/quirk"
)

// Scattered reports whether a server wants calls or results together that stand apart:
// an assistant speaks again before its calls are answered, or the user between two
// results. Claude takes such a history in the client's own order, so a client may have
// one; it is written anew for this server.
func (Dialect) Scattered(body []byte, t *canon.Target) bool {
	if t.Quirks.History == quirk.AnyHistory || !bytes.Contains(body, []byte(`"tool_calls"`)) {
		return false
	}
	user, calls := false, false // who spoke before
	e := messageList(body).Elements()
	for e.Next() {
		v := e.Value()
		role := canon.Inside(v.Get("role"))
		assistant := string(role) == "assistant"
		if user && string(role) == "tool" || calls && assistant {
			return true
		}
		user, calls = string(role) == "user", assistant && !canon.Void(v.Get("tool_calls"))
	}
	return false
}

func messageList(body []byte) scan.Value {
	f := scan.Value(body[max(0, bytes.IndexByte(body, '{')):]).Fields()
	for f.Next() {
		if string(f.Key()) == "messages" {
			return f.Value()
		}
	}
	return nil
}

// scattered reports the same of neighbours in the canonical form.
func scattered(messages []canon.Message) bool {
	for i := 1; i < len(messages); i++ {
		if holds(&messages[i], canon.ToolResult) && !holds(&messages[i-1], canon.ToolResult) || holds(&messages[i-1], canon.ToolCall) {
			return true
		}
	}
	return false
}

func holds(m *canon.Message, kind canon.Kind) bool {
	for i := range m.Parts {
		if m.Parts[i].Kind == kind {
			return true
		}
	}
	return false
}
