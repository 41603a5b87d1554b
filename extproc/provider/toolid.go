package provider

import (
	"bytes"
)

// longToolID reports whether a chat completions body names the call of a tool by an id
// of more than so many characters. Every call has its result, so the results tell.
func longToolID(body []byte, max int) bool {
	const member = `"tool_call_id"`
	for {
		i := bytes.Index(body, []byte(member))
		if i < 0 {
			return false
		}
		body = bytes.TrimLeft(body[i+len(member):], " \t\r\n:")
		if end := bytes.IndexByte(body[min(1, len(body)):], '"'); len(body) > 0 && body[0] == '"' && end > max {
			return true
		}
	}
}
