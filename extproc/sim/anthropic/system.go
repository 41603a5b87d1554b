package anthropic

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// between reads a system message between the turns, which newest models take right after a
// user's turn or what a server tool gave, and before the assistant's turn or at the end
// (platform.claude.com, mid-conversation system messages).
func (r *turnReader) between(content, config scan.Value) *wire.Error {
	switch {
	case r.i == 0:
		return invalid("messages.0: use the top-level 'system' parameter for the initial system prompt")
	case !modelOf(r.c.Model).system:
		return invalid("role 'system' is not supported on this model")
	case !wire.Given(content) && wire.Given(config):
		return nil // it changes the effort alone, and may stand anywhere
	case !r.afterSystem && r.role != "user" && !strings.HasSuffix(r.lastKind, "_tool_result"):
		return invalid("messages.%d: role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result", r.i)
	}
	r.afterSystem = true
	r.c.Prompt.Fixed("system", wire.FrameTokens)
	switch content.Kind() {
	case scan.String:
		r.c.Prompt.Text(wire.Str(content))
		r.c.Prompt.EndBlock(0)
		return nil
	case scan.Array:
		return r.betweenBlocks(content)
	case scan.Invalid:
		return invalid("messages.%d.content: Field required", r.i)
	default:
		return invalid("messages.%d.content: Input should be a valid string or list", r.i)
	}
}

// betweenBlocks reads texts, and tools that come or go (the beta
// mid-conversation-tool-changes-2026-07-01).
func (r *turnReader) betweenBlocks(content scan.Value) *wire.Error {
	e := content.Elements()
	for k := 0; e.Next(); k++ {
		at := fmt.Sprintf("messages.%d.content.%d", r.i, k)
		switch kind := wire.Str(e.Value().Get("type")); kind {
		case "text":
			text := wire.Str(e.Value().Get("text"))
			if text == "" {
				return invalid("messages: text content blocks must be non-empty")
			}
			r.c.Prompt.Text(text)
		case "tool_addition", "tool_removal":
			r.c.Prompt.Text(string(e.Value()))
		default:
			return invalid("%s: Input tag '%s' found using 'type' does not match any of the expected tags: 'text', 'tool_addition', 'tool_removal'", at, kind)
		}
		if err := endBlock(r.c, e.Value(), at); err != nil {
			return err
		}
	}
	return nil
}
