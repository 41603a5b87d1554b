package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxToolName is how long the name of a tool may be, as the API's refusals say:
// anthropics/claude-code#96152. It was 64 until 2025.
const maxToolName = 128

// name appends the name of a tool in a form that the server takes.
func (e *encoder) name(dst []byte, name scan.Value) []byte {
	if e.same && !e.renames() {
		return append(dst, name...)
	}
	max := maxToolName
	if e.renames() {
		max = int(e.t.Traits.ToolName)
	}
	return canon.AppendToolName(dst, name, max)
}

// renames reports whether it is known which names the model takes. A client of this
// dialect is taken at its word of others.
func (e *encoder) renames() bool { return e.t.Traits.ToolName >= int64(canon.MinToolName) }

// misnamed reports whether a part that would go as it came is called by a name that the
// model does not take.
func (e *encoder) misnamed(name scan.Value) bool {
	return e.renames() && !canon.TakesToolName(name, int(e.t.Traits.ToolName))
}
