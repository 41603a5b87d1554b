package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
)

// jsonLine asks for what OpenAI calls JSON mode, which Anthropic does not have.
const jsonLine = `{"type":"text","text":"Answer with one JSON object and nothing else."}`

// system writes the system prompt: a string if it is one text, else blocks.
func (e *encoder) system() {
	n := 0
	var only *canon.Part
	for i := range e.r.Messages {
		if !e.hoisted(i) {
			continue
		}
		for k := range e.r.Messages[i].Parts {
			if p := &e.r.Messages[i].Parts[k]; e.writes(inSystem, p) {
				n++
				only = p
			}
		}
	}
	switch {
	case n == 0 && !e.json:
		return
	case n == 1 && !e.json && only.Cache == nil && (!e.same || only.Place.Item < 0):
		e.b = append(append(e.b, `,"system":`...), only.Text...)
		return
	}
	e.b = append(e.b, `,"system":[`...)
	for i := range e.r.Messages {
		if e.hoisted(i) {
			e.blocks(inSystem, e.r.Messages[i].Parts)
		}
	}
	if e.json {
		e.b = append(canon.AppendComma(e.b), jsonLine...)
	}
	e.b = append(e.b, ']')
}

// messages writes the turns. It returns false if there are none.
func (e *encoder) messages() bool {
	e.b = append(e.b, `,"messages":[`...)
	empty := len(e.b)
	for n := range e.turns {
		e.turn(n)
	}
	wrote := len(e.b) > empty
	e.b = append(e.b, ']')
	return wrote
}

func (e *encoder) turn(n int) {
	t := e.turns[n]
	if n < e.begins || e.prefills(n) {
		return
	}
	parts, only := 0, (*canon.Part)(nil)
	for i := t.from; i < t.to; i++ {
		m := &e.r.Messages[i]
		if !e.in(t, m) {
			continue
		}
		for k := range m.Parts {
			if e.writes(n, &m.Parts[k]) {
				parts++
				only = &m.Parts[k]
			}
		}
	}
	if parts == 0 && !e.same {
		return
	}
	e.b = append(canon.AppendComma(e.b), `{"role":"`...)
	e.b = append(e.b, roleName(t.role)...)
	e.b = append(e.b, `","content":`...)
	if parts == 1 && only.Kind == canon.Text && only.Cache == nil && (!e.same || only.Place.Item < 0) {
		e.b = canon.AppendQuoted(e.b, e.text(n, only))
	} else {
		e.turnBlocks(n)
	}
	if e.same {
		e.b = canon.AppendMembers(e.b, e.r.Messages[t.from].Extra)
	}
	e.b = append(e.b, '}')
}

func roleName(r canon.Role) string {
	switch r {
	case canon.RoleAssistant:
		return "assistant"
	case canon.RoleSystem:
		return "system"
	default:
		return "user"
	}
}

// turnBlocks writes a turn as blocks: the results of tools first, as Anthropic
// wants them, then the rest.
func (e *encoder) turnBlocks(n int) {
	t := e.turns[n]
	e.b = append(e.b, '[')
	if t.role == canon.RoleUser && !e.same {
		for i := t.from; i < t.to; i++ {
			for k := range e.r.Messages[i].Parts {
				if p := &e.r.Messages[i].Parts[k]; p.Kind == canon.ToolResult && e.writes(n, p) {
					e.block(n, p)
				}
			}
		}
	}
	for i := t.from; i < t.to; i++ {
		if m := &e.r.Messages[i]; e.in(t, m) {
			e.blocks(n, m.Parts)
		}
	}
	e.b = append(e.b, ']')
}

// blocks writes parts, without those that a user's turn has put first.
func (e *encoder) blocks(n int, parts []canon.Part) {
	for i := range parts {
		p := &parts[i]
		if p.Kind == canon.ToolResult && !e.same || !e.writes(n, p) {
			continue
		}
		e.block(n, p)
	}
}

// writes reports whether a part is written: it is supported, and is not an empty text,
// which means nothing and which Anthropic refuses.
func (e *encoder) writes(n int, p *canon.Part) bool {
	if e.same {
		return !e.refuses(p)
	}
	if p.Kind == canon.Text || p.Kind == canon.Refusal {
		return !blank(p.Text)
	}
	return e.supports(n, p)
}

// text returns a text's escaped inside. The last words of an assistant's turn
// that the model is to continue must not end in blanks.
func (e *encoder) text(n int, p *canon.Part) []byte {
	s := canon.Inside(p.Text)
	if !e.same && n == len(e.turns)-1 && n >= 0 && e.turns[n].role == canon.RoleAssistant {
		return trimmed(s)
	}
	return s
}

func (e *encoder) block(n int, p *canon.Part) {
	e.b = canon.AppendComma(e.b)
	switch {
	case e.same && p.Kind == canon.ToolCall && p.Raw != nil:
		e.b = e.own(e.b, p.Raw, p.Name)
		return
	case e.same && p.Raw != nil && !e.refusesInside(p):
		e.b = append(e.b, p.Raw...)
		return
	}
	switch p.Kind {
	case canon.Text, canon.Refusal:
		e.b = canon.AppendQuoted(append(e.b, `{"type":"text","text":`...), e.text(n, p))
	case canon.Image:
		e.b = append(e.b, `{"type":"image","source":`...)
		e.source(p)
	case canon.Document:
		e.b = append(e.b, `{"type":"document","source":`...)
		e.source(p)
		if !canon.Empty(p.Name) {
			e.b = canon.AppendRaw(e.b, "title", p.Name)
		}
	case canon.ToolCall:
		e.b = appendID(append(e.b, `{"type":"tool_use","id":`...), p)
		e.b = e.name(append(e.b, `,"name":`...), p.Name)
		e.b, _ = p.AppendArgsObject(append(e.b, `,"input":`...))
	case canon.ToolResult:
		e.result(p)
		if only := onlyText(p); only != nil {
			e.cache(only.Cache)
		}
	case canon.Thinking:
		e.b = append(e.b, `{"type":"thinking","thinking":`...)
		if p.Text == nil {
			e.b = append(e.b, '"', '"')
		}
		e.b = append(e.b, p.Text...)
		e.b = canon.AppendRaw(e.b, "signature", p.Signature)
	case canon.Redacted:
		e.b = append(append(e.b, `{"type":"redacted_thinking","data":`...), p.Text...)
	case canon.Other, canon.Audio: // the encoder has left them out
	}
	if p.Kind != canon.Thinking && p.Kind != canon.Redacted {
		e.cache(p.Cache)
	}
	e.b = append(e.b, '}')
}

func (e *encoder) source(p *canon.Part) {
	switch p.Source {
	case canon.FromBase64:
		e.b = canon.AppendQuoted(append(e.b, `{"type":"base64","media_type":`...), p.Media)
		e.b = canon.AppendQuoted(append(e.b, `,"data":`...), p.Data)
	case canon.FromURL:
		e.b = canon.AppendQuoted(append(e.b, `{"type":"url","url":`...), p.Data)
	case canon.FromText:
		e.b = append(append(e.b, `{"type":"text","media_type":"text/plain","data":`...), p.Text...)
	case canon.FromFile, canon.FromOther: // the encoder has left them out
	}
	e.b = append(e.b, '}')
}

func (e *encoder) result(p *canon.Part) {
	e.b = appendID(append(e.b, `{"type":"tool_result","tool_use_id":`...), p)
	n := 0
	for i := range p.Content {
		if e.writes(inResult, &p.Content[i]) {
			n++
		}
	}
	switch only := onlyText(p); {
	case n == 1 && only != nil:
		e.b = append(append(e.b, `,"content":`...), only.Text...)
	case n > 0:
		e.b = append(e.b, `,"content":[`...)
		e.blocks(inResult, p.Content)
		e.b = append(e.b, ']')
	}
	if p.Failed {
		e.b = append(e.b, `,"is_error":true`...)
	}
}

// onlyText returns the text that is all that a tool said; nil: it said more, or something
// else. Its cache breakpoint is then that of the whole result, unless this has its own.
func onlyText(p *canon.Part) *canon.Part {
	if len(p.Content) != 1 || p.Content[0].Kind != canon.Text || p.Cache != nil && p.Content[0].Cache != nil {
		return nil
	}
	return &p.Content[0]
}
