package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxToolName is how long the name of a function may be, as the API's reference says.
const maxToolName = 64

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

// own appends a tool as a client of this dialect wrote it, but for a name that the model
// does not take.
func (e *encoder) own(dst []byte, t *canon.Tool) []byte {
	start, ok := scan.Within(t.Raw, t.Name)
	if !ok || !e.renames() {
		return append(dst, t.Raw...)
	}
	dst = e.name(append(dst, t.Raw[:start]...), t.Name)
	return append(dst, t.Raw[start+len(t.Name):]...)
}
