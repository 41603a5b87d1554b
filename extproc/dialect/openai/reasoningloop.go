package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// thinkingOff is DeepSeek's member that turns its thinking off.
const thinkingOff = `"thinking":{"type":"disabled"}`

// loopWithoutReasoning reports whether a turn with tool calls holds an assistant's
// message without reasoning, because another server wrote it. A server that thinks
// wants it back from all messages of such a turn, in all later requests: it refuses the
// request otherwise, unless it is told not to think (api-docs.deepseek.com,
// guides/thinking_mode).
func loopWithoutReasoning(body []byte) bool {
	list := scan.Value(nil)
	f := scan.Value(body[max(0, bytes.IndexByte(body, '{')):]).Fields()
	for f.Next() {
		switch string(f.Key()) {
		case "messages":
			list = f.Value()
		case "thinking":
			if string(canon.Inside(f.Value().Get("type"))) == "disabled" {
				return false
			}
		}
	}
	calls, lacks := false, false
	e := list.Elements()
	for e.Next() {
		v := e.Value()
		switch string(canon.Inside(v.Get("role"))) {
		case "user":
			if calls && lacks {
				return true
			}
			calls, lacks = false, false
		case "assistant":
			calls = calls || !canon.Void(v.Get("tool_calls"))
			lacks = lacks || v.Get("reasoning_content").Kind() != scan.String && canon.Void(v.Get("reasoning"))
		}
	}
	return calls && lacks
}
