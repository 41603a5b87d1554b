package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

func (e *encoder) choice() {
	c := &e.r.Choice
	switch {
	case e.unforced(), c.Function && e.keepsFunctions():
		return
	case e.same && !c.Function && !e.standsChosen():
		if c.Raw != nil {
			e.b = scan.Splice(canon.AppendKey(e.b, "tool_choice"), c.Raw, e.renamed(nil, c.Raw, c.Name))
		}
		return
	}
	if !e.chooses() {
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
		kind := `,"tool_choice":{"type":"function","function":{"name":`
		if e.r.CallsCustom(c.Name) && e.knowsCustom() {
			kind = `,"tool_choice":{"type":"custom","custom":{"name":`
		}
		e.b = e.name(append(e.b, kind...), c.Name)
		e.b = append(e.b, '}', '}')
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
