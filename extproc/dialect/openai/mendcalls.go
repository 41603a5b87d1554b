package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

func (m *mender) calls(list scan.Value, at int) {
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		start, _ := e.Span()
		m.k, m.within = i, ""
		m.call(e.Value(), at+start, m.takes.call)
	}
}

// call cuts all members of a call, or of its function, but these.
func (m *mender) call(v scan.Value, at int, members []string) {
	c := scan.NewCutter(m.edits)
	f := v.Fields()
	for f.Next() {
		start, end := f.MemberSpan()
		key := f.Key()
		cut := !contains(members, key)
		c.Item(at+start, at+end, cut)
		if cut && string(key) != "index" && !(m.t.Quirks.NoCustom && string(key) == "custom") && !canon.Void(f.Value()) {
			m.drop("tool_calls[%d].%s%s", m.k, m.within, key)
		}
		if !cut && string(key) == "function" {
			inner, _ := f.Span()
			m.edits = c.Edits
			m.within = "function."
			m.call(f.Value(), at+inner, functionCalled)
			m.within = ""
			c.Edits = m.edits
		}
	}
	m.edits = c.Close()
}
