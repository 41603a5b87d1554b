package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

var nameKey = []byte(`"name"`)

// RestoreToolNames returns an answer, or an event of one, in the client's own dialect with
// the names of tools as the client calls them. It is raw itself if it holds none of
// AppendToolName's.
func (r *Request) RestoreToolNames(raw []byte) []byte {
	var edits []scan.Edit
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte(nameMark))
		if i < 0 {
			break
		}
		end := at + i + len(nameMark) + nameDigits
		start := bytes.LastIndexByte(raw[:at+i], '"')
		at += i + len(nameMark)
		if start < 0 || end >= len(raw) || raw[end] != '"' || !named(raw[:start]) {
			continue
		}
		short := scan.Value(raw[start : end+1])
		if name := r.ToolName(short); !bytes.Equal(name, short) {
			edits = append(edits, scan.Edit{Start: start, End: end + 1, With: name})
		}
	}
	if edits == nil {
		return raw
	}
	return scan.Splice(make([]byte, 0, len(raw)+len(edits)*maxRestored), raw, edits)
}

// maxRestored is how much longer a name usually is than what stood for it.
const maxRestored = 64

// named reports whether the value of a member that is called name comes next.
func named(before []byte) bool {
	before = bytes.TrimRight(before, " \t\r\n")
	before, colon := bytes.CutSuffix(before, []byte{':'})
	return colon && bytes.HasSuffix(bytes.TrimRight(before, " \t\r\n"), nameKey)
}
