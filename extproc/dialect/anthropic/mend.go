package anthropic

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Mend takes out of a request in this dialect what the server would refuse of a history
// that others wrote: thinking that it did not sign, texts of blanks only, and the
// thinking of this request if it would come amid a tool loop that began without. All
// else stays byte for byte. It returns false if the request can go as it is.
func (Dialect) Mend(body []byte, t *canon.Target) ([]byte, canon.Dropped, bool) {
	if !t.Quirks.SignedThinking || !bytes.Contains(body, []byte(`"assistant"`)) {
		return body, nil, false
	}
	m := mender{t: t}
	m.request(body)
	if len(m.edits) == 0 {
		return body, nil, false
	}
	return scan.Splice(make([]byte, 0, len(body)), body, m.edits), m.dropped, true
}

// Scattered is false: neighbours of one role are one turn here.
func (Dialect) Scattered([]byte, *canon.Target) bool { return false }

// mender collects the edits of one request.
type mender struct {
	t       *canon.Target
	edits   []scan.Edit
	dropped canon.Dropped
	still   bool // the model must not think now
}

func (m *mender) request(body []byte) {
	at := max(0, bytes.IndexByte(body, '{'))
	list, thinking := scan.Value(nil), scan.Value(nil)
	for f := scan.Value(body[at:]).Fields(); f.Next(); {
		switch string(f.Key()) {
		case "messages":
			list = f.Value()
		case "thinking":
			thinking = f.Value()
		}
	}
	m.still = string(canon.Inside(thinking.Get("type"))) == "enabled" && beganWithoutThinking(list)
	c := scan.NewCutter(nil)
	for f := scan.Value(body[at:]).Fields(); f.Next(); {
		start, end := f.MemberSpan()
		inner, _ := f.Span()
		key := f.Key()
		cut := m.still && string(key) == "context_management" && bytes.Contains(f.Value(), []byte(`"clear_thinking_`))
		c.Item(at+start, at+end, cut)
		m.edits = c.Edits
		switch {
		case cut: // this edit is refused if the model does not think
			m.dropped = append(m.dropped, "context_management")
		case m.still && string(key) == "thinking":
			m.edits = append(m.edits, scan.Edit{Start: at + inner, End: at + end, With: m.unforced()})
			m.dropped = append(m.dropped, "thinking")
		case string(key) == "messages":
			m.messages(f.Value(), at+inner)
		}
		c.Edits = m.edits
	}
	m.edits = c.Close()
}

// unforced is a thinking that takes a loop that began without. If the model chooses by
// itself, no turn has to begin with thinking (platform.claude.com, adaptive thinking).
func (m *mender) unforced() []byte {
	if !m.t.Traits.Budgets() {
		return []byte(`{"type":"adaptive"}`)
	}
	return []byte(`{"type":"disabled"}`)
}

// messages mends a list that stands at this offset. An assistant's message of which
// nothing is left goes.
func (m *mender) messages(list scan.Value, at int) {
	c := scan.NewCutter(m.edits)
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		v := e.Value()
		start, end := e.Span()
		kept, all := weigh(v)
		assistant := string(canon.Inside(v.Get("role"))) == "assistant"
		cut := assistant && kept == 0
		c.Item(at+start, at+end, cut)
		if cut {
			m.dropped = append(m.dropped, fmt.Sprintf("messages[%d]", i))
			continue
		}
		if assistant || kept > 0 && kept < all {
			m.edits = c.Edits
			m.message(v, at+start, i, assistant)
			c.Edits = m.edits
		}
	}
	m.edits = c.Close()
}

// weigh counts the blocks of a message that the server takes, and all of them. A string
// counts as one.
func weigh(message scan.Value) (kept, all int) {
	v := message.Get("content")
	if v.Kind() == scan.String {
		if blank(v) {
			return 0, 1
		}
		return 1, 1
	}
	for e := v.Elements(); e.Next(); all++ {
		if !refused(e.Value()) {
			kept++
		}
	}
	return kept, all
}

// message cuts the blocks that the server refuses out of a message, and out of an
// assistant's the members of the answer that it was.
func (m *mender) message(v scan.Value, at, n int, assistant bool) {
	c := scan.NewCutter(m.edits)
	for f := v.Fields(); f.Next(); {
		start, end := f.MemberSpan()
		key := f.Key()
		content := string(key) == "content"
		cut := assistant && !content && string(key) != "role"
		c.Item(at+start, at+end, cut)
		if cut && !canon.Void(f.Value()) {
			m.dropped = append(m.dropped, fmt.Sprintf("messages[%d].%s", n, key))
		}
		if content {
			inner, _ := f.Span()
			m.edits = c.Edits
			m.blocks(f.Value(), at+inner, n)
			c.Edits = m.edits
		}
	}
	m.edits = c.Close()
}

func (m *mender) blocks(content scan.Value, at, n int) {
	c := scan.NewCutter(m.edits)
	e := content.Elements()
	for k := 0; e.Next(); k++ {
		start, end := e.Span()
		cut := refused(e.Value())
		c.Item(at+start, at+end, cut)
		if text := e.Value().Get("text"); cut && (text == nil || !canon.Empty(text)) {
			m.dropped = append(m.dropped, fmt.Sprintf("messages[%d].content[%d]", n, k))
		}
	}
	m.edits = c.Close()
}

// refused reports whether the server would refuse a block for what is in it.
func refused(block scan.Value) bool {
	switch string(canon.Inside(block.Get("type"))) {
	case "thinking":
		return foreign(block.Get("signature"))
	case "redacted_thinking":
		return foreign(block.Get("data"))
	case "text":
		text := block.Get("text")
		return text.Kind() == scan.String && blank(text)
	}
	return false
}

// foreign reports whether a signature cannot be Anthropic's, which are base64 of the
// standard alphabet. Others sign with nothing, an id, or text that OpenAI encrypted.
func foreign(signature scan.Value) bool {
	s := canon.Inside(signature)
	if len(s) == 0 || bytes.HasPrefix(s, []byte("gAAAA")) {
		return true
	}
	for _, c := range s {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '=' || c == '\\') {
			return true
		}
	}
	return false
}

// beganWithoutThinking reports whether the messages end in the results of a tool loop
// whose first message does not begin with thinking that the server signed. Forced
// thinking is refused there: the whole loop is one turn of the assistant.
func beganWithoutThinking(list scan.Value) bool {
	first, thought, waits := true, false, false
	for e := list.Elements(); e.Next(); {
		v := e.Value()
		if string(canon.Inside(v.Get("role"))) == "assistant" {
			if kept, _ := weigh(v); kept > 0 && first {
				thought, first = beginsWithThinking(v.Get("content")), false
			}
			waits = false
			continue
		}
		if waits = answers(v.Get("content")); !waits {
			first, thought = true, false
		}
	}
	return waits && !first && !thought
}

func beginsWithThinking(content scan.Value) bool {
	for e := content.Elements(); e.Next(); {
		if !refused(e.Value()) {
			kind := string(canon.Inside(e.Value().Get("type")))
			return kind == "thinking" || kind == "redacted_thinking"
		}
	}
	return false
}

// answers reports whether a user's content holds the result of a tool.
func answers(content scan.Value) bool {
	for e := content.Elements(); e.Next(); {
		if string(canon.Inside(e.Value().Get("type"))) == "tool_result" {
			return true
		}
	}
	return false
}
