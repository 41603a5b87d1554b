package anthropic

import "github.com/headgate/headgate/extproc/canon"

func (e *encoder) choice() {
	c := &e.r.Choice
	mode := c.Mode
	switch {
	case e.unforced():
		mode = canon.ChoiceUnset
	case e.same && !e.misnamed(c.Name):
		e.b = canon.AppendRaw(e.b, "tool_choice", c.Raw)
		return
	}
	if !e.chooses() {
		return
	}
	one := (string(e.r.Fields[canon.Parallel]) == "false" || e.r.Functions) && mode != canon.ChoiceNone
	switch mode {
	case canon.ChoiceRequired:
		e.b = append(e.b, `,"tool_choice":{"type":"any"`...)
	case canon.ChoiceNone:
		e.b = append(e.b, `,"tool_choice":{"type":"none"`...)
	case canon.ChoiceNamed:
		e.b = e.name(append(e.b, `,"tool_choice":{"type":"tool","name":`...), c.Name)
	default:
		if !one && mode != canon.ChoiceAuto {
			return
		}
		e.b = append(e.b, `,"tool_choice":{"type":"auto"`...)
	}
	if one {
		e.b = append(e.b, `,"disable_parallel_tool_use":true`...)
	}
	e.b = append(e.b, '}')
}

// chooses reports whether the server gets a tool that the choice demands.
func (e *encoder) chooses() bool {
	r := e.r
	if r.Choice.Mode != canon.ChoiceNamed && r.Choice.Mode != canon.ChoiceRequired {
		return true
	}
	budget := e.budgetForTools()
	for i := r.Chosen(0); i >= 0; i = r.Chosen(i + 1) {
		if e.fitTool(&r.Tools[i], &budget).ok {
			return true
		}
	}
	return false
}
