package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// quotedUsage is the name of the member that says what was counted.
var quotedUsage = []byte(`"usage"`)

// withoutNull returns an event without a usage that is null. Servers that were asked for usage
// write it into each chunk, and a client that did not ask for any knows no such member. What is
// returned holds until the next call.
func (s *skimmer) withoutNull(raw []byte) []byte {
	if !bytes.Contains(raw, quotedUsage) {
		return raw
	}
	data := s.data
	if _, same := scan.Within(raw, data); !same { // a call was mended in it
		data = bytes.TrimSpace(scan.Event(raw).Data())
	}
	start, end := nullUsage(raw, data)
	if start == end {
		return raw
	}
	s.changed = append(append(s.changed[:0], raw[:start]...), raw[end:]...)
	return s.changed
}

// nullUsage returns where in an event with these data a usage that is null stands, with the
// comma that goes with it; nothing: there is none.
func nullUsage(raw, data []byte) (start, end int) {
	for m := scan.Value(data).Fields(); m.Next(); {
		if string(m.Key()) != "usage" || m.Value().Kind() != scan.Null {
			continue
		}
		if at, ok := scan.Within(raw, m.Value()); ok { // else the event was put together from several lines
			return withComma(raw, bytes.LastIndex(raw[:at], quotedUsage), at+len(m.Value()))
		}
	}
	return 0, 0
}

// withComma returns a member's place with the comma before it, or with the one after it if
// it is the first.
func withComma(raw []byte, start, end int) (from, to int) {
	if before := bytes.TrimSpace(raw[:start]); before[len(before)-1] == ',' {
		return bytes.LastIndexByte(raw[:start], ','), end
	}
	if after := bytes.TrimSpace(raw[end:]); after[0] == ',' {
		end += bytes.IndexByte(raw[end:], ',') + 1
	}
	return start, end
}
