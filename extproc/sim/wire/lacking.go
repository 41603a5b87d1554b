package wire

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/scan"
)

// Lacking returns an answer, one JSON object, without some of its members.
func Lacking(answer []byte, names []string) []byte {
	if len(names) == 0 {
		return answer
	}
	return scan.Splice(nil, answer, lack(nil, answer, 0, names))
}

// LackingEvent returns an event, without its blank line, whose answer or part of one lacks some
// members: those of its data, and of the message or response within.
func LackingEvent(event []byte, names []string) []byte {
	event = bytes.TrimRight(event, "\n")
	at := bytes.LastIndex(event, []byte("data: ")) + len("data: ")
	if len(names) == 0 || event[at] != '{' {
		return event
	}
	return append(event[:at:at], Lacking(event[at:], names)...)
}

// lack returns the edits that take members out of the object that begins at an offset.
func lack(edits []scan.Edit, object []byte, offset int, names []string) []scan.Edit {
	c := scan.NewCutter(edits)
	m := scan.Document(object)
	for m.Next() {
		start, end := m.MemberSpan()
		cut := slices.Contains(names, string(m.Key()))
		c.Item(offset+start, offset+end, cut)
		if key := string(m.Key()); !cut && (key == "message" || key == "response") && m.Value().Kind() == scan.Object {
			within, _ := m.Span()
			c.Edits = lack(c.Edits, m.Value(), offset+within, names)
		}
	}
	return c.Close()
}
