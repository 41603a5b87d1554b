package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Custom tools take a text in place of arguments. A server that knows functions only gets
// functions in their place (canon.Tool.AsFunction).

var (
	customMembers = []string{"name", "description", "format"}
	inputMembers  = []string{"name", "input"}
)

// readCustom reads what a custom tool is.
func readCustom(v scan.Value, t *canon.Tool) (err error) {
	var f [3]scan.Value
	if t.Extra, err = canon.PickInside("custom", v, customMembers, f[:], t.Extra); err != nil {
		return err
	}
	t.Custom, t.Name, t.Description, t.Format = true, f[0], f[1], f[2]
	return first(wantString(t.Name, "custom.", "name"), want(t.Description, scan.String, "custom.", "description"), want(t.Format, scan.Object, "custom.", "format"))
}

// readCustomCall reads what the call of a custom tool says.
func readCustomCall(v scan.Value, p *canon.Part) (err error) {
	var f [2]scan.Value
	if p.Extra, err = canon.PickInside("custom", v, inputMembers, f[:], p.Extra); err != nil {
		return err
	}
	p.Kind, p.Custom, p.Name, p.Args = canon.ToolCall, true, f[0], f[1]
	if p.Args == nil {
		p.Args = scan.Value(`""`)
	}
	return first(wantString(p.Name, "custom", ".name"), want(p.Args, scan.String, "custom", ".input"))
}

// knowsCustom reports whether the server knows custom tools.
func (e *encoder) knowsCustom() bool { return !e.t.Quirks.NoCustom }

// stands reports whether a function stands for a tool.
func (e *encoder) stands(t *canon.Tool) bool { return t.Custom && !e.knowsCustom() }

// standsChosen reports whether a function stands for the tool that the client chooses.
func (e *encoder) standsChosen() bool { return e.r.CallsCustom(e.r.Choice.Name) && !e.knowsCustom() }

// standsCalled reports whether a function stands for the tool that a client of this dialect calls.
func (e *encoder) standsCalled(p *canon.Part) bool { return e.same && p.Custom && !e.knowsCustom() }

// customFindings names what functions in the place of custom tools do not say.
func (e *encoder) customFindings(add adder) {
	if e.same && e.standsChosen() {
		addExtra(add, "", canon.InsideOf(e.r.Extra, "tool_choice"))
	}
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		switch {
		case !t.Custom || !e.takesTools():
			continue
		case e.stands(t) && !t.AnyText():
			add(canon.Tuning, e.r.GrammarPath(i), "it stands in the description, and is not enforced")
		case !e.same && !t.AnyText() && t.OddFormat():
			add(canon.Tuning, e.r.GrammarPath(i), "it knows no such format, or not all of it")
		}
		if e.same && e.stands(t) {
			addExtra(add, e.r.ToolPath(i)+".", t.Extra)
		}
	}
}

// customTool writes a custom tool that came in another dialect.
func (e *encoder) customTool(t *canon.Tool) {
	e.b = e.name(append(e.b, `{"type":"custom","custom":{"name":`...), t.Name)
	e.b = canon.AppendRaw(e.b, "description", t.Description)
	if g := canon.ReadGrammar(t.Format); g.Definition != nil {
		e.b = append(e.b, `,"format":{"type":"grammar","grammar":{"definition":`...)
		e.b = canon.AppendRaw(append(e.b, g.Definition...), "syntax", g.Syntax)
		e.b = append(e.b, '}', '}')
	}
	e.b = append(e.b, '}', '}')
}
