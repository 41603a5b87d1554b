package openai

import (
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// calls writes the calls of a message. A message has room for one of the old form.
func (e *encoder) calls(parts []canon.Part) {
	old := e.oldCall(parts)
	if old >= 0 {
		e.b = canon.AppendRaw(e.b, "function_call", parts[old].Raw)
	}
	open := false
	for i := range parts {
		p := &parts[i]
		switch {
		case i == old || !isCall(p) || !e.supports(p):
			continue
		case !open:
			e.b = append(e.b, `,"tool_calls":[`...)
			open = true
		}
		e.call(p)
	}
	if open {
		e.b = append(e.b, ']')
	}
}

// oldCall returns the first call that goes out in the old form; -1 if none does.
func (e *encoder) oldCall(parts []canon.Part) int {
	if !e.keepsFunctions() {
		return -1
	}
	return slices.IndexFunc(parts, func(p canon.Part) bool { return isCall(&p) && byFunction(&p) && e.supports(&p) })
}

// call writes a call: a client's of this dialect as it came but for its id.
func (e *encoder) call(p *canon.Part) {
	e.b = canon.AppendComma(e.b)
	if p.Kind == canon.Other {
		e.b = append(e.b, p.Raw...)
		return
	}
	if e.same && !byFunction(p) && !e.standsCalled(p) {
		edits := e.renamed(setMember(nil, p.Raw, p.Raw, "id", p.Raw.Get("id"), e.toolID(nil, p)), p.Raw, p.Name)
		scan.Sort(edits)
		e.b = scan.Splice(e.b, p.Raw, edits)
		return
	}
	e.b = e.toolID(append(e.b, `{"id":`...), p)
	if p.Custom && e.knowsCustom() {
		e.b = e.name(append(e.b, `,"type":"custom","custom":{"name":`...), p.Name)
		e.b = append(append(append(e.b, `,"input":`...), p.Args...), '}', '}')
		return
	}
	e.b = e.name(append(e.b, `,"type":"function","function":{"name":`...), p.Name)
	e.b = append(p.AppendArgsText(append(e.b, `,"arguments":`...)), '}', '}')
}

// isCall reports whether a part is a call, of whatever kind.
func isCall(p *canon.Part) bool {
	return p.Kind == canon.ToolCall || p.Kind == canon.Other && p.Place.List == canon.InToolCalls
}
