package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/quirk"
)

// Mend takes out of a request in this dialect what the server would refuse of a history
// that others wrote: reasoning that only another maker can read, or of which nothing but
// an id is there, and ids of items that no server of OpenAI's gave. All else stays byte for
// byte. It returns false if the request can go as it is.
func (Dialect) Mend(body []byte, t *canon.Target) ([]byte, canon.Dropped, bool) {
	m := mender{strict: t.Quirks.History == quirk.OpenAIHistory}
	has := func(word string) bool { return bytes.Contains(body, []byte(word)) }
	if !has(`"`+canon.SealMark) && !(m.strict && (has(`"id"`) || has(`"reasoning"`))) {
		return body, nil, false
	}
	m.request(body)
	if len(m.edits) == 0 {
		return body, nil, false
	}
	return scan.Splice(make([]byte, 0, len(body)), body, m.edits), m.dropped, true
}

// mender collects the edits of one request.
type mender struct {
	strict  bool // the server is OpenAI's, or takes what that takes
	kept    bool // responses are kept there, so that an id may be enough
	edits   []scan.Edit
	dropped canon.Dropped
}

func (m *mender) request(body []byte) {
	at := max(0, bytes.IndexByte(body, '{'))
	list, from := scan.Value(nil), 0
	m.kept = true
	for f := scan.Value(body[at:]).Fields(); f.Next(); {
		switch string(f.Key()) {
		case "input":
			list = f.Value()
			start, _ := f.Span()
			from = at + start
		case "store":
			m.kept = string(f.Value()) != "false"
		}
	}
	m.items(list, from)
}

// items mends a list that stands at this offset.
func (m *mender) items(list scan.Value, at int) {
	c := scan.NewCutter(m.edits)
	e := list.Elements()
	for i := 0; e.Next(); i++ {
		v := e.Value()
		start, end := e.Span()
		cut := m.unreadable(v)
		c.Item(at+start, at+end, cut)
		if cut {
			m.dropped = append(m.dropped, itemPath(int32(i)))
			continue
		}
		m.edits = c.Edits
		m.item(v, at+start)
		c.Edits = m.edits
	}
	m.edits = c.Close()
}

// unreadable reports whether an item is reasoning that the server cannot read: another
// maker's, or none but an id where nothing is kept, or that no server gave.
func (m *mender) unreadable(item scan.Value) bool {
	if string(canon.Inside(item.Get("type"))) != "reasoning" {
		return false
	}
	content := item.Get("encrypted_content")
	if by, _, _, ok := canon.ReadSeal(content); ok {
		return by != canon.MadeByOpenAI
	}
	return m.strict && canon.Void(content) && (!m.kept || !given("reasoning", item.Get("id")))
}

// item cuts the id of an item that no server of OpenAI's gave.
func (m *mender) item(v scan.Value, at int) {
	kind := string(canon.Inside(v.Get("type")))
	if !m.strict || kind == "item_reference" {
		return
	}
	c := scan.NewCutter(m.edits)
	for f := v.Fields(); f.Next(); {
		start, end := f.MemberSpan()
		c.Item(at+start, at+end, string(f.Key()) == "id" && !given(kind, f.Value()))
	}
	m.edits = c.Close()
}

// prefixes begin the ids of items, by their type. Those of items that are not listed are
// not looked at.
var prefixes = map[string]string{"message": "msg_", "": "msg_", "reasoning": "rs_", "function_call": "fc_", "custom_tool_call": "ctc_"}

// maxItemID is how long the id of an item may be.
const maxItemID = 64

// given reports whether the id of an item of this type can be one that OpenAI gave.
func given(kind string, id scan.Value) bool {
	prefix, known := prefixes[kind]
	in := canon.Inside(id)
	return !known || bytes.HasPrefix(in, []byte(prefix)) && !bytes.HasPrefix(in[len(prefix):], []byte(mintMark)) && len(in) <= maxItemID
}
