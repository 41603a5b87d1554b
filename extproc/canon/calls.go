package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// CallIDs are the ids of the calls of an answer that is being written: they set each call apart from those
// before it, in the answer and in the client's conversation. The zero CallIDs is ready.
type CallIDs struct {
	ids  []byte
	ends []int
}

// AppendID appends the id by which the client is to know the next call, which its server
// calls so. Plain is as for AppendCallID.
func (c *CallIDs) AppendID(dst []byte, asked *Request, id scan.Value, plain bool) []byte {
	twin := asked.called(id)
	start := 0
	for _, end := range c.ends {
		if same(c.ids[start:end], id) {
			twin++
		}
		start = end
	}
	c.ids = append(c.ids, id...)
	c.ends = append(c.ends, len(c.ids))
	return AppendCallID(dst, id, twin, plain)
}

// called returns the first number of an id that no call of the conversation has.
func (r *Request) called(id scan.Value) (free int32) {
	if r == nil {
		return 0
	}
	for i := range r.Messages {
		for k := range r.Messages[i].Parts {
			if p := &r.Messages[i].Parts[k]; p.Kind == ToolCall && p.Twin >= free && same(p.ID, id) {
				free = p.Twin + 1
			}
		}
	}
	return free
}

// same reports whether two strings mean the same, whatever is escaped in them.
func same(a, b scan.Value) bool {
	if bytes.Equal(a, b) || Empty(a) && Empty(b) {
		return true
	}
	return (bytes.IndexByte(a, '\\') >= 0 || bytes.IndexByte(b, '\\') >= 0) && Str(a) == Str(b)
}
