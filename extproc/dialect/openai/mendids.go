package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// mendIDs gives the calls of an answer that passes ids that tell them apart, if their
// server has not. All else stays as it came.
func mendIDs(resp *exchange.Response, h *head) {
	if !bytes.Contains(h[respChoices], []byte(`"tool_calls"`)) {
		return
	}
	m := idMender{body: resp.Body, answer: h[respID]}
	for e := h[respChoices].Elements(); e.Next(); {
		m.seen = m.seen[:0]
		for calls := e.Value().Get("message").Get("tool_calls").Elements(); calls.Next(); {
			m.call(calls.Value())
		}
	}
	if len(m.edits) > 0 {
		resp.Body = scan.Splice(make([]byte, 0, len(resp.Body)+64*len(m.edits)), resp.Body, m.edits)
		resp.Out.ReplaceBody(resp.Body)
	}
}

// idMender finds the ids that have to change in a body.
type idMender struct {
	body   []byte
	answer scan.Value // its id
	calls  int
	seen   []scan.Value // ids of the choice
	edits  []scan.Edit
}

func (m *idMender) call(v scan.Value) {
	if v.Kind() != scan.Object || len(m.seen) == maxCalls {
		return
	}
	was := v.Get("id")
	id := canon.ServerCallID(was, m.answer, m.calls)
	twin := int32(0)
	for _, o := range m.seen {
		if bytes.Equal(o, id) {
			twin++
		}
	}
	m.calls++
	m.seen = append(m.seen, id)
	if twin > 0 {
		id = canon.AppendCallID(nil, id, twin, false)
	}
	if !bytes.Equal(was, id) {
		m.edits = setMember(m.edits, m.body, v, "id", was, id)
	}
}

// setMember appends the edit that gives an object in a body a member, in place of what it
// was.
func setMember(edits []scan.Edit, body []byte, object scan.Value, name string, was, value scan.Value) []scan.Edit {
	if start, ok := scan.Within(body, was); ok {
		return append(edits, scan.Edit{Start: start, End: start + len(was), With: value})
	}
	start, ok := scan.Within(body, object)
	if !ok {
		return edits // the event was put together from several lines
	}
	with := append(canon.AppendKey([]byte{'{'}, name), value...)[1:]
	if m := object.Fields(); m.Next() {
		with = append(with, ',')
	}
	return append(edits, scan.Edit{Start: start + 1, End: start + 1, With: with})
}
