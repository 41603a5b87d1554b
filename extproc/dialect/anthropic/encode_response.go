package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// idPrefix begins the ids of answers.
const idPrefix = "msg_"

// EncodeAnswer appends an answer as a message to dst. Of several choices the
// first counts: a client of this dialect cannot have asked for more.
func (Dialect) EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte {
	same := r.Dialect == "anthropic"
	c.Own = same
	b := c.AppendAnswerID(append(dst, `{"id":`...), r.ID, idPrefix)
	b = append(b, `,"type":"message","role":"assistant","model":`...)
	b = append(c.AppendModel(b, r.Model), `,"content":[`...)
	var choice canon.Choice
	if len(r.Choices) > 0 {
		choice = r.Choices[0]
	}
	finish := choice.Finish
	ids := canon.CallIDs{}
	for i := range choice.Parts {
		p := &choice.Parts[i]
		if p.Kind == canon.Refusal {
			finish = canon.FinishRefusal
		}
		if p.Kind == canon.ToolCall && !same {
			b = appendCall(b, p, &ids, c.Request)
			continue
		}
		b = appendAnswer(b, p, same)
	}
	b = append(b, `],"stop_reason":`...)
	if same && choice.RawFinish != nil {
		b = append(b, choice.RawFinish...)
	} else {
		b = scan.AppendString(b, finishWord(finish, canon.Calls(choice.Parts)))
	}
	b = append(b, `,"stop_sequence":`...)
	if choice.StopHit != nil {
		b = append(b, choice.StopHit...)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"usage":`...)
	if same && r.RawUsage != nil {
		b = append(b, r.RawUsage...)
	} else {
		b = appendUsage(b, &r.Usage)
	}
	if same {
		b = canon.AppendMembers(b, r.Extra)
	}
	return append(b, '}')
}

// appendCall writes a call of a tool. Arguments that are no object keep their text in a
// member of its own, so that nothing is lost.
func appendCall(b []byte, p *canon.Part, ids *canon.CallIDs, asked *canon.Request) []byte {
	b = ids.AppendID(append(canon.AppendComma(b), `{"type":"tool_use","id":`...), asked, p.ID, true)
	b = append(append(b, `,"name":`...), asked.ToolName(p.Name)...)
	b = append(b, `,"input":`...)
	ok := false
	if b, ok = p.AppendArgsObject(b); !ok {
		b = append(append(append(b, `{"invalid_arguments":`...), p.Args...), '}')
	}
	return append(b, '}')
}

// appendAnswer writes one block of an answer that is no call of a tool.
func appendAnswer(b []byte, p *canon.Part, same bool) []byte {
	if same && p.Raw != nil {
		return append(canon.AppendComma(b), p.Raw...)
	}
	switch p.Kind {
	case canon.Text, canon.Refusal:
		if canon.Empty(p.Text) {
			return b
		}
		b = append(append(canon.AppendComma(b), `{"type":"text","text":`...), p.Text...)
	case canon.Thinking:
		b = append(append(canon.AppendComma(b), `{"type":"thinking","thinking":`...), textOf(p.Text)...)
		b = append(append(b, `,"signature":`...), textOf(p.Signature)...)
	case canon.Redacted:
		b = append(append(canon.AppendComma(b), `{"type":"redacted_thinking","data":`...), p.Text...)
	default:
		return b
	}
	return append(b, '}')
}

var emptyString = scan.Value(`""`)

func textOf(v scan.Value) scan.Value {
	if v == nil {
		return emptyString
	}
	return v
}
