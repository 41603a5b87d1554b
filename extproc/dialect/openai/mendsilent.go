package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var noText, aWord = []byte(`""`), []byte(`"OK."`)

// noText is what a message says that says nothing.
func (m *mender) noText() []byte {
	if m.t.Quirks.NoSilentTurn {
		return aWord
	}
	return noText
}

// silent reports whether nothing would be left of an assistant's message at a server that
// refuses that.
func (m *mender) silent(message scan.Value) bool {
	if !m.t.Quirks.NoSilentTurn || m.look(message).speaks {
		return false
	}
	content := message.Get("content")
	if content.Kind() != scan.Array {
		return canon.Void(content)
	}
	for e := content.Elements(); e.Next(); {
		if text := e.Value().Get("text"); contains(m.takes.parts, canon.Inside(e.Value().Get("type"))) && (text == nil || !canon.Empty(text)) {
			return false
		}
	}
	return true
}

// holdsMore reports whether a message holds anything besides its role.
func holdsMore(message scan.Value) bool {
	for f := message.Fields(); f.Next(); {
		if string(f.Key()) != "role" && !canon.Void(f.Value()) {
			return true
		}
	}
	return false
}

// roleOf returns the role of a message, as far as it counts here.
func roleOf(message scan.Value) string {
	switch string(canon.Inside(message.Get("role"))) {
	case "assistant":
		return "assistant"
	case "tool":
		return "tool"
	default:
		return ""
	}
}
