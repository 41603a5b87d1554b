package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/schema"
	"github.com/headgate/headgate/extproc/scan"
)

func (e *encoder) tools() {
	e.functions()
	open := false
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		fit := e.toolFit(t)
		if !fit.OK || t.Function && e.keepsFunctions() {
			continue
		}
		if !open {
			e.b = append(e.b, `,"tools":[`...)
			open = true
		}
		e.b = canon.AppendComma(e.b)
		switch {
		case e.stands(t):
			function := t.AsFunction()
			e.tool(&function, &fit)
		case e.same && t.Function:
			e.b = append(append(append(e.b, `{"type":"function","function":`...), e.own(t)...), '}')
		case e.same:
			e.b = append(e.b, e.own(t)...)
		case t.Custom:
			e.customTool(t)
		default:
			e.tool(t, &fit)
		}
	}
	if open {
		e.tooled = true
		e.b = append(e.b, ']')
	}
	if open || e.same && len(e.r.Tools) == 0 && !e.r.Choice.Function {
		e.choice()
	}
}

func (e *encoder) tool(t *canon.Tool, fit *schema.Enforced) {
	e.b = e.name(append(e.b, `{"type":"function","function":{"name":`...), t.Name)
	e.b = canon.AppendRaw(e.b, "description", t.Description)
	e.b = canon.AppendRaw(e.b, "parameters", fit.Schema)
	if fit.Strict {
		e.b = append(e.b, `,"strict":true`...)
	}
	e.b = append(e.b, '}', '}')
}

// tooStrict reports whether a tool is strict although the server knows no such thing.
func (e *encoder) tooStrict(t *canon.Tool) bool { return e.t.Quirks.NoStrict && t.Strict.True() }

// own is a tool as a client of this dialect wrote it, but for a name and a strictness that
// the server does not take.
func (e *encoder) own(t *canon.Tool) scan.Value {
	edits := e.renamed(nil, t.Raw, t.Name)
	if e.tooStrict(t) {
		edits = unstrict(edits, t)
	}
	if len(edits) == 0 {
		return t.Raw
	}
	scan.Sort(edits)
	return scan.Splice(nil, t.Raw, edits)
}

// unstrict adds the edits that take the strictness out of a tool.
func unstrict(edits []scan.Edit, t *canon.Tool) []scan.Edit {
	function := t.Raw
	if !t.Function {
		function = t.Raw.Get("function")
	}
	at, _ := scan.Within(t.Raw, function)
	for _, edit := range scan.Reshape(nil, function, func(m *scan.Members) (scan.Fate, []byte) {
		if string(m.Key()) == "strict" {
			return scan.Dropped, nil
		}
		return scan.Kept, nil
	}) {
		edit.Start, edit.End = edit.Start+at, edit.End+at
		edits = append(edits, edit)
	}
	return edits
}

// keepsFunctions reports whether functions go to the server in their own form.
func (e *encoder) keepsFunctions() bool { return e.same && !e.t.Quirks.NoFunctions }

// functions writes a client's functions, and its choice among them, to a server that
// knows them.
func (e *encoder) functions() {
	if !e.keepsFunctions() || !e.takesTools() {
		return
	}
	if len(e.r.Tools) > 0 && e.r.Tools[0].Function { // they come first
		e.b = append(e.b, `,"functions":[`...)
		for i := range e.r.Tools {
			if t := &e.r.Tools[i]; t.Function {
				e.b = append(canon.AppendComma(e.b), e.own(t)...)
			}
		}
		e.b = append(e.b, ']')
	}
	if c := &e.r.Choice; c.Function && !e.unforced() {
		edits := e.renamed(nil, c.Raw, c.Name)
		e.b = scan.Splice(canon.AppendKey(e.b, "function_call"), c.Raw, edits)
	}
}
