package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// client is who gets an answer.
type client struct {
	canon.Client
	answer scan.Value // the answer's id
}

// appendItemID appends the inside of the id of an item, which no server made: of the
// exchange, or of the answer if it has none.
func (c *client) appendItemID(dst []byte, prefix string, index int) []byte {
	dst = append(append(dst, prefix...), mintMark...)
	if c.ID != "" {
		start := len(dst)
		dst = scan.AppendString(dst, c.ID)
		dst = append(dst[:start], canon.Inside(dst[start:])...)
	} else {
		dst = append(dst, canon.Inside(c.answer)...)
	}
	return strconv.AppendInt(append(dst, '_'), int64(index), 10)
}

// What the ids of items begin with: the kind, and that Headgate made them.
const (
	prefixMessage   = "msg_"
	prefixReasoning = "rs_"
	prefixCall      = "fc_"
	prefixCustom    = "ctc_"
	mintMark        = "hg_"
)

// seals reports whether the client wants what only the maker of a reasoning can read: it
// says so, or that nothing is kept for it.
func (c *client) seals() bool {
	r := c.Request
	return r == nil || string(r.Fields[canon.Store]) == "false" || asksEncrypted(extraOf(r, "include"), false)
}

// appendEncrypted appends what only its maker can read, for an item that is to be sent
// back: OpenAI's without its seal, Anthropic's under one.
func (c *client) appendEncrypted(dst []byte, v scan.Value, label string) []byte {
	by, _, text, sealed := canon.ReadSeal(v)
	switch {
	case sealed && by == canon.MadeByOpenAI:
		return canon.AppendQuoted(canon.AppendKey(dst, "encrypted_content"), text)
	case canon.Empty(v) || !c.seals():
		return dst
	}
	return canon.AppendSeal(canon.AppendKey(dst, "encrypted_content"), canon.MadeByAnthropic, []byte(label), canon.Inside(v))
}

// answerWriter writes the items of a whole answer.
type answerWriter struct {
	client
	b      []byte
	same   bool // a server of this dialect answered
	open   canon.Kind
	live   bool   // an item is open, of the kind
	at     int32  // of this index, in an answer of this dialect
	index  int    // of the next item
	status string // of items
	ids    canon.CallIDs
}

// parts writes all parts of an answer. The last item is as incomplete as the answer.
func (w *answerWriter) parts(parts []canon.Part, status string) {
	for i := 0; i < len(parts); i++ {
		p := &parts[i]
		if w.same && (p.Kind == canon.Thinking || p.Kind == canon.Redacted) {
			i += w.ownReasoning(parts[i:]) - 1
			continue
		}
		switch p.Kind {
		case canon.Text, canon.Refusal:
			w.text(p)
		case canon.Thinking:
			w.thinking(p)
		case canon.Redacted:
			w.redacted(p)
		case canon.ToolCall:
			w.call(p, i == len(parts)-1, status)
		case canon.Other:
			w.other(p)
		case canon.Image, canon.Document, canon.Audio, canon.ToolResult: // no model says them in a response
		}
	}
	w.status = status
	w.close()
}

// begin opens an item, unless the part goes on with the open one.
func (w *answerWriter) begin(p *canon.Part, kind canon.Kind) (fresh bool) {
	if w.live && w.open == kind && (!w.same || w.at == p.Place.Message) {
		return false
	}
	w.close()
	w.b = append(canon.AppendComma(w.b), '{')
	w.open, w.live, w.at = kind, true, p.Place.Message
	return true
}

// id writes the id of a new item: the one that it has if a server of this dialect answered.
func (w *answerWriter) id(members []canon.Member, prefix string) {
	w.index++
	if !w.same {
		w.b = append(w.appendItemID(append(w.b, `"id":"`...), prefix, w.index-1), '"')
		return
	}
	w.b = canon.AppendMembers(w.b, members)
}

func (w *answerWriter) close() {
	if !w.live {
		return
	}
	w.live = false
	switch {
	case w.open == canon.Text && !w.same:
		w.b = append(append(append(w.b, `],"status":"`...), w.status...), '"', '}')
	case w.open == canon.Text:
		w.b = append(w.b, ']', '}')
	default:
		w.b = append(w.b, '}')
	}
}

func (w *answerWriter) text(p *canon.Part) {
	if canon.Empty(p.Text) && !w.same { // some servers write it beside calls
		return
	}
	if w.begin(p, canon.Text) {
		w.id(nil, prefixMessage)
		if w.same {
			w.b = appendItem(w.b, p.Extra)
		}
		w.b = append(canon.AppendKey(w.b, "type"), `"message","role":"assistant","content":[`...)
	}
	w.b = appendContent(canon.AppendComma(w.b), p.Kind, canon.Inside(p.Text))
	if w.same {
		w.b = canon.AppendMembers(w.b, p.Extra)
	} else if p.Kind == canon.Text {
		w.b = append(w.b, noAnnotations...)
	}
	w.b = append(w.b, '}')
}

// appendItem appends the members of an item that its first part holds.
func appendItem(dst []byte, members []canon.Member) []byte {
	for _, m := range members {
		if m.Inside {
			dst = append(append(scan.AppendString(canon.AppendComma(dst), string(m.Name)), ':'), m.Value...)
		}
	}
	return dst
}

// noAnnotations are the members of a text that has none.
const noAnnotations = `,"annotations":[],"logprobs":[]`

// appendContent appends the beginning of a part of a message.
func appendContent(dst []byte, kind canon.Kind, text []byte) []byte {
	if kind == canon.Refusal {
		return canon.AppendQuoted(append(dst, `{"type":"refusal","refusal":`...), text)
	}
	return canon.AppendQuoted(append(dst, `{"type":"output_text","text":`...), text)
}

// thinking writes a reasoning, or a part of its summary. A signature is of the whole item.
func (w *answerWriter) thinking(p *canon.Part) {
	if w.begin(p, canon.Thinking) {
		w.id(nil, prefixReasoning)
		w.b = append(w.b, `,"type":"reasoning","summary":[`...)
	} else {
		w.b = w.b[:len(w.b)-1] // goes on with the list
	}
	if !canon.Empty(p.Text) {
		w.b = appendSummary(canon.AppendComma(w.b), canon.Inside(p.Text))
	}
	w.b = append(w.b, ']')
	if p.Signature != nil {
		w.b = w.appendEncrypted(w.b, p.Signature, labelThinking)
		w.close()
	}
}

func appendSummary(dst, text []byte) []byte {
	return append(canon.AppendQuoted(append(dst, `{"type":"summary_text","text":`...), text), '}')
}

func (w *answerWriter) redacted(p *canon.Part) {
	if !canon.Sealed(p.Text) && !w.seals() {
		return
	}
	w.close()
	w.begin(p, canon.Redacted)
	w.id(nil, prefixReasoning)
	w.b = append(w.b, `,"type":"reasoning","summary":[]`...)
	w.b = w.appendEncrypted(w.b, p.Text, labelRedacted)
	w.close()
}

// ownReasoning writes the item of a server of this dialect that these parts begin with, and
// returns how many are of it: as it came, unless a text of it was changed.
func (w *answerWriter) ownReasoning(parts []canon.Part) (n int) {
	changed := false
	for n < len(parts) && parts[n].Place.Message == parts[0].Place.Message {
		_, unchanged := scan.Within(parts[n].Raw, parts[n].Text)
		changed = changed || parts[n].Kind == canon.Thinking && len(parts[n].Text) > 0 && !unchanged
		n++
	}
	w.close()
	w.index++
	if !changed {
		w.b = append(canon.AppendComma(w.b), parts[0].Raw...)
		return n
	}
	w.b = canon.AppendMembers(append(canon.AppendComma(w.b), '{'), parts[0].Extra)
	w.b = append(canon.AppendKey(w.b, "type"), `"reasoning","summary":[`...)
	for i := range parts[:n] {
		w.b = appendSummary(canon.AppendComma(w.b), canon.Inside(parts[i].Text))
	}
	w.b = append(w.b, ']', '}')
	return n
}

func (w *answerWriter) other(p *canon.Part) {
	if !w.same || p.Raw == nil {
		return
	}
	w.close()
	w.b = append(canon.AppendComma(w.b), p.Raw...)
	w.index++
}

// call writes a call of a tool. One that the end of the answer cut off is incomplete.
func (w *answerWriter) call(p *canon.Part, last bool, status string) {
	w.begin(p, canon.ToolCall)
	input, custom := w.Request.CustomText(p)
	if custom {
		w.id(p.Extra, prefixCustom)
		w.b = append(canon.AppendKey(w.b, "type"), `"custom_tool_call"`...)
	} else {
		w.id(p.Extra, prefixCall)
		w.b = append(canon.AppendKey(w.b, "type"), `"function_call"`...)
	}
	if !w.same {
		if !last {
			status = completed
		}
		w.b = append(append(append(w.b, `,"status":"`...), status...), '"')
	}
	w.b = w.ids.AppendID(append(w.b, `,"call_id":`...), w.Request, p.ID, false)
	w.b = append(append(w.b, `,"name":`...), w.Request.ToolName(p.Name)...)
	if !w.same {
		w.b = canon.AppendRaw(w.b, "namespace", w.Request.Namespace(p.Name))
	}
	if custom {
		w.b = canon.AppendRaw(w.b, "input", input)
	} else {
		w.b = canon.AppendText(append(w.b, `,"arguments":`...), p.Args)
	}
	w.close()
}
