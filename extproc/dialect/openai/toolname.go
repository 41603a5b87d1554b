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
	return canon.AppendToolName(dst, name, e.t.MaxToolName(maxToolName))
}

// renames reports whether names are looked at: a client of this dialect is taken at its
// word where it is not known which ones the model takes.
func (e *encoder) renames() bool { return e.t.LimitsToolNames() }

// renamed adds the edit of what a client of this dialect wrote in which a tool has a name
// that the model does not take.
func (e *encoder) renamed(edits []scan.Edit, raw, name scan.Value) []scan.Edit {
	at, ok := scan.Within(raw, name)
	if !ok || !e.renames() {
		return edits
	}
	return append(edits, scan.Edit{Start: at, End: at + len(name), With: e.name(nil, name)})
}
