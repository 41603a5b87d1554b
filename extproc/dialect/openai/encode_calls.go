package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// callsOf writes the calls of an answer.
type callsOf struct {
	ids   *canon.CallIDs
	asked *canon.Request
	open  bool // the list of calls has begun
}

// append writes the calls. A client that knows functions gets the first one as it knows
// it; that there are more is what it cannot be told.
func (c callsOf) append(b []byte, parts []canon.Part) []byte {
	function := c.asked.KnowsFunctions()
	for i := range parts {
		p := &parts[i]
		switch {
		case !isCall(p):
			continue
		case p.Kind == canon.ToolCall && (function || byFunction(p)):
			b = c.called(canon.AppendKey(b, "function_call"), p)
			function = false
			continue
		case !c.open:
			b = append(b, `,"tool_calls":[`...)
			c.open = true
		}
		b = canon.AppendComma(b)
		if p.Kind == canon.Other {
			b = append(b, p.Raw...)
			continue
		}
		b = c.ids.AppendID(append(b, `{"id":`...), c.asked, p.ID, false)
		if text, ok := c.asked.CustomText(p); ok {
			b = append(c.custom(b, p.Name, text), '}')
			continue
		}
		b = append(c.called(append(b, `,"type":"function","function":`...), p), '}')
	}
	if c.open {
		b = append(b, ']')
	}
	return b
}

// custom writes what a call of a custom tool says.
func (c callsOf) custom(b []byte, name, text scan.Value) []byte {
	b = append(append(b, `,"type":"custom","custom":{"name":`...), c.asked.ToolName(name)...)
	return append(append(append(b, `,"input":`...), text...), '}')
}

func (c callsOf) called(b []byte, p *canon.Part) []byte {
	b = append(append(append(b, `{"name":`...), c.asked.ToolName(p.Name)...), `,"arguments":`...)
	return append(p.AppendArgsText(b), '}')
}
