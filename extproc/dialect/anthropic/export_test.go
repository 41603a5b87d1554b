package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// MapID returns what becomes of a tool call's id, and what comes back from that.
func MapID(id string) (there, back string) {
	v := canon.AppendCallID(nil, scan.AppendString(nil, id), 0, true)
	was, _ := canon.ReadCallID(v)
	return canon.Str(v), canon.Str(was)
}
