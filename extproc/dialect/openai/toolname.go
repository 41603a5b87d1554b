package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxToolName is how long the name of a function may be, as the API's reference says.
const maxToolName = 64

// name appends the name of a tool in a form that the server takes.
func (e *encoder) name(dst []byte, name scan.Value) []byte {
	if e.same {
		return append(dst, name...)
	}
	max := maxToolName
	if n := e.t.Traits.ToolName; n >= int64(canon.MinToolName) {
		max = int(n)
	}
	return canon.AppendToolName(dst, name, max)
}
