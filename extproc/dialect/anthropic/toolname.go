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
	return canon.AppendToolName(dst, name, e.t.MaxToolName(maxToolName))
}

// renames reports whether names are looked at: a client of this dialect is taken at its
// word where it is not known which ones the model takes.
func (e *encoder) renames() bool { return e.t.LimitsToolNames() }

// misnamed reports whether a part that would go as it came is called by a name that the
// model does not take.
func (e *encoder) misnamed(name scan.Value) bool {
	return e.renames() && !canon.TakesToolName(name, int(e.t.Traits.ToolName))
}
