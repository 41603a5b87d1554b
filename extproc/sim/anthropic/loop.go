package anthropic

import (
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// follow remembers how the tool loop that a message is part of began. All of a loop is
// one turn of the assistant: with thinking enabled it must begin with thinking
// (platform.claude.com, thinking with tool use).
func (r *turnReader) follow(content scan.Value) {
	first := ""
	results := false
	for m := content.Elements(); m.Next(); {
		kind := wire.Str(m.Value().Get("type"))
		if first == "" {
			first = kind
		}
		results = results || kind == "tool_result"
	}
	switch {
	case r.role == "user":
		r.loop = results
	case !r.loop:
		r.first, r.thought, r.loop = r.i, first == "thinking" || first == "redacted_thinking", true
	}
}
