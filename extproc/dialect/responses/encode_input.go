package responses

import (
	"math"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// leading counts the system messages at the beginning that become the instructions, if
// others follow them: a request needs input. Those of a developer stay in their place.
func (e *encoder) leading() int {
	if e.same {
		return 0
	}
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role == canon.RoleSystem {
			continue
		}
		for k := i; k < len(e.r.Messages); k++ {
			if e.writes(&e.r.Messages[k]) {
				return i
			}
		}
		break
	}
	return 0
}

// input writes the instructions and the items.
func (e *encoder) input() {
	messages := e.r.Messages
	if e.same && len(messages) > 0 && messages[0].At < 0 {
		e.b = canon.AppendRaw(e.b, "instructions", messages[0].Parts[0].Text)
		messages = messages[1:]
	}
	if e.same && len(messages) == 1 && len(messages[0].Parts) == 1 && messages[0].Parts[0].Place.List == canon.InInput {
		e.b = canon.AppendRaw(e.b, "input", messages[0].Parts[0].Text)
		e.count++
		return
	}
	if e.same && len(messages) == 0 && len(e.r.Carried) == 0 {
		return // the server holds the items
	}
	e.instructions()
	e.b = append(e.b, `,"input":[`...)
	for i := e.hoists; i < len(messages); i++ {
		if e.prefills(i + len(e.r.Messages) - len(messages)) {
			break
		}
		if e.same {
			e.carried(messages[i].At)
			e.ownItem(&messages[i])
		} else {
			e.message(&messages[i])
		}
	}
	if e.same {
		e.carried(math.MaxInt32)
	}
	e.b = append(e.b, ']')
}

// instructions writes the system prompt as one text, whose pieces are paragraphs.
func (e *encoder) instructions() {
	if e.hoists == 0 {
		return
	}
	e.b = append(canon.AppendKey(e.b, "instructions"), '"')
	n := 0
	for i := range e.r.Messages[:e.hoists] {
		for k := range e.r.Messages[i].Parts {
			if p := &e.r.Messages[i].Parts[k]; isText(p) && e.supports(p) {
				if n++; n > 1 {
					e.b = append(e.b, '\\', 'n')
				}
				e.b = appendTextOf(e.b, p)
			}
		}
	}
	e.b = append(e.b, '"')
}

// message writes a message of another dialect as items.
func (e *encoder) message(m *canon.Message) {
	switch m.Role {
	case canon.RoleAssistant:
		e.assistant(m)
	case canon.RoleUser:
		e.results(m)
		e.said(m, "user")
	case canon.RoleDeveloper:
		if !e.t.Quirks.NoDeveloper {
			e.said(m, "developer")
			return
		}
		e.said(m, "system")
	case canon.RoleSystem:
		e.said(m, "system")
	case canon.RoleOther: // is left out
	}
}

// open begins an item.
func (e *encoder) open(kind string) {
	e.b = append(append(canon.AppendComma(e.b), `{"type":"`...), kind...)
	e.b = append(e.b, '"')
	e.count++
}

// results writes an item for each result of a user's turn.
func (e *encoder) results(m *canon.Message) {
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Kind != canon.ToolResult || !e.supports(p) {
			continue
		}
		if p.Custom && e.knowsCustom() {
			e.open("custom_tool_call_output")
		} else {
			e.open("function_call_output")
		}
		e.b = e.callID(append(e.b, `,"call_id":`...), p)
		e.output(append(e.b, `,"output":`...), p)
		e.b = append(e.b, '}')
	}
}

// output writes what a tool said: as one text if it is no more than that. A failure is said
// in words, because there is no member for it.
func (e *encoder) output(dst []byte, result *canon.Part) {
	e.b = dst
	if e.onlyTexts(result.Content) {
		e.b = append(e.b, '"')
		if result.Failed {
			e.b = append(e.b, failedMark...)
		}
		for i, n := 0, 0; i < len(result.Content); i++ {
			if c := &result.Content[i]; isText(c) {
				if n++; n > 1 {
					e.b = append(e.b, '\\', 'n')
				}
				e.b = appendTextOf(e.b, c)
			}
		}
		e.b = append(e.b, '"')
		return
	}
	e.b = append(e.b, '[')
	if result.Failed {
		e.b = append(append(e.b, `{"type":"input_text","text":"`...), failedMark+`"}`...)
	}
	e.parts(result.Content, "input_text")
	e.b = append(e.b, ']')
}

// failedMark is what the result of a tool begins with that could not do it.
const failedMark = "Error: "

func (e *encoder) onlyTexts(parts []canon.Part) bool {
	for i := range parts {
		if p := &parts[i]; !isText(p) && e.supports(p) {
			return false
		}
	}
	return true
}

// said writes what is left of a message besides the results of tools.
func (e *encoder) said(m *canon.Message, role string) {
	n := 0
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind != canon.ToolResult && e.supports(p) {
			n++
		}
	}
	if n == 0 {
		return
	}
	e.open("message")
	e.b = append(append(append(e.b, `,"role":"`...), role...), `","content":[`...)
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind != canon.ToolResult {
			e.part(p, "input_text")
		}
	}
	e.b = append(e.b, ']', '}')
}

// callID appends the id of a call, or of a result's call: as its server said it if it names
// no other call and is not too long, else letters and digits that follow from it.
func (e *encoder) callID(dst []byte, p *canon.Part) []byte {
	in := canon.Inside(p.ID)
	if q := &e.t.Quirks; p.Twin <= 0 && len(in) > 0 && (q.MaxToolID == 0 || len(in) <= q.MaxToolID) {
		return append(dst, p.ID...)
	}
	return canon.AppendHashedID(dst, p.ID, p.Twin, hashedID)
}

// hashedID is how many letters and digits stand for an id that a server does not take.
const hashedID = 10

// ownItem writes an item of a client of this dialect: as it came, but for what the server
// does not take of it.
func (e *encoder) ownItem(m *canon.Message) {
	if len(m.Parts) > 0 && m.Parts[0].Place.List >= canon.InItem && m.Parts[0].Place.List != canon.InItemContent || isReasoning(m) {
		e.ownWhole(&m.Parts[0])
		return
	}
	kept := 0
	for i := range m.Parts {
		if e.supports(&m.Parts[i]) {
			kept++
		}
	}
	if kept == 0 && len(m.Parts) > 0 {
		return
	}
	e.open("message")
	e.b = append(append(append(e.b, `,"role":"`...), roleName(m.Role)...), `","content":`...)
	if len(m.Parts) == 1 && m.Parts[0].Place.Item < 0 {
		e.b = append(e.b, m.Parts[0].Text...)
	} else {
		e.b = append(e.b, '[')
		e.parts(m.Parts, "")
		e.b = append(e.b, ']')
	}
	e.b = append(canon.AppendMembers(e.b, m.Extra), '}')
}

// isReasoning reports whether a message of this dialect is an item of reasoning, each of
// whose parts holds the whole of it.
func isReasoning(m *canon.Message) bool {
	return len(m.Parts) > 0 && string(m.Parts[0].Type) == "reasoning"
}

func roleName(r canon.Role) string {
	switch r {
	case canon.RoleSystem:
		return "system"
	case canon.RoleDeveloper:
		return "developer"
	case canon.RoleAssistant:
		return "assistant"
	default:
		return "user"
	}
}

// ownWhole writes an item that is one part: a call, a result, a reasoning, or what only
// this dialect understands.
func (e *encoder) ownWhole(p *canon.Part) {
	if !e.supports(p) {
		return
	}
	e.b = canon.AppendComma(e.b)
	e.count++
	var edits []scan.Edit
	switch p.Kind {
	case canon.ToolCall:
		edits = e.renamed(e.newID(nil, p), p.Raw, p.Name)
	case canon.ToolResult:
		edits = e.newOutput(e.newID(nil, p), p)
	default: // goes as it came
	}
	scan.Sort(edits)
	e.b = scan.Splice(e.b, p.Raw, edits)
}

// newID adds the edit of an item's call_id, if the server does not take it.
func (e *encoder) newID(edits []scan.Edit, p *canon.Part) []scan.Edit {
	was := p.Raw.Get("call_id")
	id := scan.Value(e.callID(nil, p))
	if at, ok := scan.Within(p.Raw, was); ok && string(was) != string(id) {
		edits = append(edits, scan.Edit{Start: at, End: at + len(was), With: id})
	}
	return edits
}

// newOutput adds the edit of what a tool said, if the model does not take all of it.
func (e *encoder) newOutput(edits []scan.Edit, p *canon.Part) []scan.Edit {
	all := true
	for i := range p.Content {
		all = all && e.supports(&p.Content[i])
	}
	was := p.Raw.Get("output")
	at, ok := scan.Within(p.Raw, was)
	if all || !ok {
		return edits
	}
	inner := encoder{r: e.r, t: e.t, same: e.same, b: []byte{'['}}
	inner.parts(p.Content, "")
	return append(edits, scan.Edit{Start: at, End: at + len(was), With: append(inner.b, ']')})
}
