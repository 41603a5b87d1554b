package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// MapID returns what becomes of a tool call's id, and what comes back from that.
func MapID(id string) (there, back string) {
	v := appendID(nil, scan.AppendString(nil, id))
	return canon.Str(v), canon.Str(clientID(v))
}
