package openai

import "github.com/headgate/headgate/extproc/canon"

func (e *encoder) messages() {
	e.b = append(e.b, `,"messages":[`...)
	for i := 0; i < len(e.r.Messages); i++ {
		m := &e.r.Messages[i]
		if e.prefills(i) {
			break
		}
		if n := e.neighbours(i); n > 1 {
			e.run(e.r.Messages[i : i+n])
			i += n - 1
			continue
		}
		switch m.Role {
		case canon.RoleOther:
			if e.same && len(m.Parts) > 0 {
				e.b = append(canon.AppendComma(e.b), m.Parts[0].Raw...)
				e.count++
			}
		case canon.RoleUser:
			e.results(m)
			e.said(m, "user")
		case canon.RoleAssistant:
			e.said(m, "assistant")
		case canon.RoleDeveloper:
			if !e.t.Quirks.NoDeveloper {
				e.said(m, "developer")
				continue
			}
			e.said(m, "system")
		case canon.RoleSystem:
			e.said(m, "system")
		}
	}
	e.b = append(e.b, ']')
}

// results writes one tool message for each result of a user's turn. They go
// before the rest of it, right after the calls.
func (e *encoder) results(m *canon.Message) {
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Kind != canon.ToolResult || !e.supports(p) {
			continue
		}
		keeps := e.keepsFunctions() && byFunction(p)
		if keeps {
			e.open("function")
		} else {
			e.open("tool")
			e.b = append(e.b, `,"tool_call_id":`...)
			e.b = e.toolID(e.b, p)
		}
		e.b = append(e.b, `,"content":`...)
		e.resultText(p)
		if e.same {
			if keeps || !byFunction(p) {
				e.b = canon.AppendRaw(e.b, "name", m.Name)
			}
			e.b = canon.AppendMembers(e.b, m.Extra)
		}
		e.b = append(e.b, '}')
		e.count++
	}
}

// resultText writes what a tool said: text only, documents of text among it, since tool
// messages hold no images. A failure is said in words, because there is no member for it.
func (e *encoder) resultText(p *canon.Part) {
	if e.same && len(p.Content) > 0 && p.Content[0].Place.Item >= 0 {
		e.partList(p.Content)
		return
	}
	e.b = append(e.b, '"')
	if p.Failed {
		e.b = append(e.b, "Error: "...)
	}
	first := true
	for i := range p.Content {
		if c := &p.Content[i]; isText(c) {
			if !first {
				e.b = append(e.b, '\\', 'n')
			}
			first = false
			e.b = appendTextOf(e.b, c)
		}
	}
	e.b = append(e.b, '"')
}

// said writes what is left of a message besides tool results.
func (e *encoder) said(m *canon.Message, role string) {
	calls, rest := 0, 0
	for i := range m.Parts {
		p := &m.Parts[i]
		switch {
		case isCall(p):
			if e.supports(p) {
				calls++
			}
		case p.Kind == canon.ToolResult:
			rest += e.pictures(p)
		case e.supports(p):
			rest++
		}
	}
	if calls+rest == 0 && !(e.same && len(m.Parts) == 0) {
		return
	}
	e.open(role)
	if e.same {
		e.b = canon.AppendRaw(e.b, "name", m.Name)
	}
	e.content(m, role == "user", calls > 0)
	if role == "assistant" && !keptReasoning(m) {
		e.reasoning(m.Parts)
	}
	if e.same {
		e.refusal(m)
	}
	if calls > 0 {
		e.calls(m.Parts)
	}
	if e.same {
		e.b = canon.AppendMembers(e.b, m.Extra)
	}
	e.b = append(e.b, '}')
	e.count++
}

// pictures counts the images of a tool result, which go into the user's message.
func (e *encoder) pictures(result *canon.Part) int {
	n := 0
	for i := range result.Content {
		if p := &result.Content[i]; !isText(p) && e.supports(p) && e.supports(result) {
			n++
		}
	}
	return n
}

// isContent reports whether a part belongs into the content. Reasoning does if a
// client of this dialect put them there, as Mistral's do.
func (e *encoder) isContent(p *canon.Part) bool {
	switch p.Kind {
	case canon.ToolCall, canon.ToolResult, canon.Redacted:
		return false
	case canon.Thinking:
		return e.same && p.Place.List == canon.InContent
	case canon.Refusal:
		return !e.same || p.Place.Item >= 0
	case canon.Other:
		return p.Place.List == canon.InContent
	default:
		return true
	}
}

// refusal writes the refusal that a client of this dialect put beside the content.
func (e *encoder) refusal(m *canon.Message) {
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind == canon.Refusal && p.Place.Item < 0 {
			e.b = canon.AppendRaw(e.b, "refusal", p.Text)
			return
		}
	}
}

// content writes a message's content: as a string if it is one text and can
// be, else as a list. Beside calls alone there may be none.
func (e *encoder) content(m *canon.Message, user, calls bool) {
	n, texts := 0, 0
	var only *canon.Part
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Kind == canon.ToolResult {
			n += e.pictures(p)
		}
		if !e.isContent(p) || !e.supports(p) {
			continue
		}
		n++
		if p.Kind == canon.Text {
			texts++
			only = p
		}
	}
	e.b = canon.AppendKey(e.b, "content")
	switch {
	case n == 0 && (calls || e.same && m.Role == canon.RoleAssistant):
		e.b = append(e.b, "null"...)
	case n == 0 && e.same:
		e.b = append(e.b, '[', ']')
	case n == 0:
		e.b = append(e.b, '"', '"')
	case n == 1 && texts == 1 && (!e.same || only.Place.Item < 0):
		e.b = append(e.b, only.Text...)
	case n == texts && !user && !e.same:
		e.joined(m)
	default:
		e.list(m)
	}
}

// joined writes several texts as one string: compatible servers often take
// nothing else for system and assistant messages. A model's texts are pieces of
// one; those of a system prompt are paragraphs.
func (e *encoder) joined(m *canon.Message) {
	e.b = append(e.b, '"')
	for i, n := 0, 0; i < len(m.Parts); i++ {
		if p := &m.Parts[i]; p.Kind == canon.Text {
			if n++; n > 1 && m.Role != canon.RoleAssistant {
				e.b = append(e.b, '\\', 'n')
			}
			e.b = append(e.b, canon.Inside(p.Text)...)
		}
	}
	e.b = append(e.b, '"')
}

func (e *encoder) list(m *canon.Message) {
	e.b = append(e.b, '[')
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Kind == canon.ToolResult && e.supports(p) {
			for k := range p.Content {
				if c := &p.Content[k]; !isText(c) {
					e.part(c)
				}
			}
		}
		if e.isContent(p) {
			e.part(p)
		}
	}
	e.b = append(e.b, ']')
}

func (e *encoder) partList(parts []canon.Part) {
	e.b = append(e.b, '[')
	for i := range parts {
		e.part(&parts[i])
	}
	e.b = append(e.b, ']')
}
