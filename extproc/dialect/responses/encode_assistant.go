package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// assistant writes what the assistant said as items: texts that follow each other as one
// message, reasoning of OpenAI's, and each call.
func (e *encoder) assistant(m *canon.Message) {
	for i := 0; i < len(m.Parts); i++ {
		p := &m.Parts[i]
		switch {
		case !e.supports(p):
		case p.Kind == canon.ToolCall:
			e.call(p)
		case p.Kind == canon.Thinking || p.Kind == canon.Redacted:
			n := i
			for !isOpenAIs(&m.Parts[n]) {
				n++
			}
			e.thinking(m.Parts[i : n+1])
			i = n
		default:
			n := e.spoken(m.Parts[i:])
			e.open("message")
			e.b = append(e.b, `,"role":"assistant","content":[`...)
			e.parts(m.Parts[i:i+n], "output_text")
			e.b = append(e.b, ']', '}')
			i += n - 1
		}
	}
}

// spoken counts the parts at the beginning that are one message.
func (e *encoder) spoken(parts []canon.Part) int {
	n := 0
	for n < len(parts) && (isSpoken(&parts[n]) || !e.supports(&parts[n])) {
		n++
	}
	return n
}

func isSpoken(p *canon.Part) bool { return p.Kind == canon.Text || p.Kind == canon.Refusal }

func (e *encoder) call(p *canon.Part) {
	custom := p.Custom && e.knowsCustom()
	if custom {
		e.open("custom_tool_call")
	} else {
		e.open("function_call")
	}
	e.b = e.callID(append(e.b, `,"call_id":`...), p)
	e.b = e.toolName(append(e.b, `,"name":`...), p.Name)
	if custom {
		e.b = append(canon.AppendRaw(e.b, "input", p.Args), '}')
		return
	}
	e.b = append(p.AppendArgsText(append(e.b, `,"arguments":`...)), '}')
}

// findReplays finds the pieces of reasoning that were OpenAI's: those that hold what OpenAI
// encrypted, and the texts right before, which are of the same item.
func (e *encoder) findReplays() {
	for i := range e.r.Messages {
		parts := e.r.Messages[i].Parts
		if e.r.Messages[i].Role != canon.RoleAssistant {
			continue
		}
		from := 0
		for k := range parts {
			switch p := &parts[k]; {
			case (p.Kind == canon.Thinking || p.Kind == canon.Redacted) && isOpenAIs(p):
				for ; from <= k; from++ {
					e.replay(&parts[from])
				}
			case p.Kind != canon.Thinking || !canon.Empty(p.Signature):
				from = k + 1
			}
		}
	}
}

func (e *encoder) replay(p *canon.Part) {
	if e.replays == nil {
		e.replays = make(map[*canon.Part]bool)
	}
	e.replays[p] = true
}

// isOpenAIs reports whether a piece of reasoning holds what OpenAI encrypted.
func isOpenAIs(p *canon.Part) bool {
	by, _, _, ok := canon.ReadSeal(encrypted(p))
	return ok && by == canon.MadeByOpenAI
}

// encrypted is what only the maker of a piece of reasoning can read.
func encrypted(p *canon.Part) scan.Value {
	if p.Kind == canon.Redacted {
		return p.Text
	}
	return p.Signature
}

// thinking writes an item of reasoning of OpenAI's.
func (e *encoder) thinking(parts []canon.Part) {
	_, id, content, _ := canon.ReadSeal(encrypted(&parts[len(parts)-1]))
	e.open("reasoning")
	if len(id) > 0 {
		e.b = canon.AppendQuoted(append(e.b, `,"id":`...), id)
	}
	e.b = append(e.b, `,"summary":[`...)
	for i := range parts {
		if p := &parts[i]; p.Kind == canon.Thinking && !canon.Empty(p.Text) {
			e.b = append(canon.AppendComma(e.b), `{"type":"summary_text","text":`...)
			e.b = append(append(e.b, p.Text...), '}')
		}
	}
	e.b = canon.AppendQuoted(append(e.b, `],"encrypted_content":`...), content)
	e.b = append(e.b, '}')
}
