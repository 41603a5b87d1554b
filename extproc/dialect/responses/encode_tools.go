package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/schema"
	"github.com/headgate/headgate/extproc/scan"
)

func (e *encoder) tools() {
	if e.same {
		e.ownTools()
		return
	}
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		fit := e.toolFit(t)
		if !fit.OK {
			continue
		}
		if !e.tooled {
			e.b = append(e.b, `,"tools":[`...)
			e.tooled = true
		}
		e.b = canon.AppendComma(e.b)
		if t.Custom && e.knowsCustom() {
			e.customTool(t)
			continue
		}
		e.tool(t, &fit)
	}
	if e.tooled {
		e.b = append(e.b, ']')
	}
	if e.tooled {
		e.choice()
	}
}

// ownTools writes the tools and the choice of a client of this dialect.
func (e *encoder) ownTools() {
	list, listed := e.r.ToolList, e.r.Tools
	if len(e.r.Carried) > 0 {
		listed = listed[:e.r.Carried[0].From]
	}
	e.tooled = len(e.r.Tools) > 0 && e.takesTools()
	if list != nil && (e.tooled || len(e.r.Tools) == 0) {
		e.b = scan.Splice(canon.AppendKey(e.b, "tools"), list, e.toolEdits(list, listed))
	}
	if e.tooled || len(e.r.Tools) == 0 {
		e.choice()
	}
}

// tool writes a function. That it is not strict must be said here.
func (e *encoder) tool(t *canon.Tool, fit *schema.Enforced) {
	description := t.Description
	if t.Custom {
		f := t.AsFunction()
		description = f.Description
	}
	e.b = e.toolName(append(e.b, `{"type":"function","name":`...), t.Name)
	e.b = canon.AppendRaw(e.b, "description", description)
	e.b = canon.AppendKey(e.b, "parameters")
	if fit.Schema == nil {
		e.b = append(e.b, "null"...)
	}
	e.b = append(e.b, fit.Schema...)
	e.b = append(strconv.AppendBool(canon.AppendKey(e.b, "strict"), fit.Strict), '}')
}

// customTool writes a custom tool that came in another dialect.
func (e *encoder) customTool(t *canon.Tool) {
	e.b = e.toolName(append(e.b, `{"type":"custom","name":`...), t.Name)
	e.b = canon.AppendRaw(e.b, "description", t.Description)
	if g := canon.ReadGrammar(t.Format); g.Definition != nil {
		e.b = append(e.b, `,"format":{"type":"grammar","definition":`...)
		e.b = append(canon.AppendRaw(append(e.b, g.Definition...), "syntax", g.Syntax), '}')
	}
	e.b = append(e.b, '}')
}

// knowsCustom reports whether the server knows custom tools. A function stands for one at a
// server that does not; a client of this dialect is taken at its word.
func (e *encoder) knowsCustom() bool { return e.same || !e.t.Quirks.NoCustom }

// customFindings names what is lost of the form of custom tools' texts.
func (e *encoder) customFindings(add adder) {
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		switch {
		case !t.Custom || t.AnyText():
		case !e.knowsCustom():
			add(canon.Tuning, e.r.GrammarPath(i), "it stands in the description, and is not enforced")
		case t.OddFormat():
			add(canon.Tuning, e.r.GrammarPath(i), "it knows no such format, or not all of it")
		}
	}
}

// toolEdits are the edits of what a client of this dialect wrote, in which tools have a name
// or a strictness that the server does not take.
func (e *encoder) toolEdits(raw scan.Value, tools []canon.Tool) (edits []scan.Edit) {
	for i := range tools {
		t := &tools[i]
		edits = e.renamed(edits, raw, t.Name)
		if at, ok := scan.Within(raw, t.Strict); ok && e.tooStrict(t) {
			edits = append(edits, scan.Edit{Start: at, End: at + len(t.Strict), With: []byte("false")})
		}
	}
	scan.Sort(edits)
	return edits
}

// tooStrict reports whether a tool is strict although the server knows no such thing.
func (e *encoder) tooStrict(t *canon.Tool) bool { return e.t.Quirks.NoStrict && t.Strict.True() }

// maxToolName is how long the name of a function may be, as the API's reference says.
const maxToolName = 64

// toolName appends the name of a tool in a form that the server takes.
func (e *encoder) toolName(dst []byte, name scan.Value) []byte {
	if e.same && !e.t.LimitsToolNames() {
		return append(dst, name...)
	}
	return canon.AppendToolName(dst, name, e.t.MaxToolName(maxToolName))
}

// renamed adds the edit of what a client of this dialect wrote in which a tool has a name
// that the model does not take.
func (e *encoder) renamed(edits []scan.Edit, raw, name scan.Value) []scan.Edit {
	at, ok := scan.Within(raw, name)
	if !ok || !e.t.LimitsToolNames() {
		return edits
	}
	return append(edits, scan.Edit{Start: at, End: at + len(name), With: e.toolName(nil, name)})
}

func (e *encoder) choice() {
	c := &e.r.Choice
	switch {
	case e.unforced():
		return
	case e.same:
		if c.Raw != nil {
			e.b = scan.Splice(canon.AppendKey(e.b, "tool_choice"), c.Raw, e.renamed(nil, c.Raw, c.Name))
		}
		return
	case !e.chooses():
		return
	}
	switch c.Mode {
	case canon.ChoiceAuto:
		e.b = append(e.b, `,"tool_choice":"auto"`...)
	case canon.ChoiceNone:
		e.b = append(e.b, `,"tool_choice":"none"`...)
	case canon.ChoiceRequired:
		e.b = append(e.b, `,"tool_choice":"required"`...)
	case canon.ChoiceNamed:
		kind := `,"tool_choice":{"type":"function","name":`
		if e.r.CallsCustom(c.Name) && e.knowsCustom() {
			kind = `,"tool_choice":{"type":"custom","name":`
		}
		e.b = append(e.toolName(append(e.b, kind...), c.Name), '}')
	case canon.ChoiceUnset, canon.ChoiceOther: // the server's own choice
	}
}

// chooses reports whether the server gets a tool that the choice demands.
func (e *encoder) chooses() bool {
	r := e.r
	if r.Choice.Mode != canon.ChoiceNamed && r.Choice.Mode != canon.ChoiceRequired {
		return true
	}
	for i := r.Chosen(0); i >= 0; i = r.Chosen(i + 1) {
		if e.toolFit(&r.Tools[i]).OK {
			return true
		}
	}
	return false
}
