package texts

import (
	"bytes"
	"encoding/json"

	"github.com/headgate/headgate/extproc/scan"
)

// Change puts something in the place of a span of a text.
type Change struct {
	Start, End int    // bytes of the view
	With       string // plain
}

// Apply makes changes, which are in order and do not overlap, and looks at the text again.
func (it *Item) Apply(changes []Change) {
	if len(changes) == 0 {
		return
	}
	out, at := make([]byte, 0, len(it.raw)+32*len(changes)), 0
	inside, known := false, 0 // of a string, at a place in raw
	for _, c := range changes {
		start, end := it.view.Raw(c.Start), it.view.Raw(c.End)
		out = append(out, it.raw[at:start]...)
		if it.inJSON() {
			inside, known = InString(it.raw[known:start], inside), start
			out = AppendInJSON(out, it.raw[start:end], c.With, inside)
		} else {
			out = append(out, c.With...)
		}
		at = end
	}
	it.raw, it.edited = append(out, it.raw[at:]...), true
	it.look()
}

// AppendInJSON appends a text in the place of a span of a JSON document, which stays one. What is
// no string becomes one; a span beyond the end of a string leaves the string's end.
func AppendInJSON(out, was []byte, with string, inside bool) []byte {
	quoted := scan.AppendString(nil, with)
	if !inside {
		return append(out, quoted...)
	}
	out = append(out, quoted[1:len(quoted)-1]...)
	if first := structural(was); first >= 0 {
		last := first
		for i := structural(was[last+1:]); i >= 0; i = structural(was[last+1:]) {
			last += 1 + i
		}
		out = append(out, was[first:last+1]...)
	}
	return out
}

// structural returns the place of the first quote that is no escaped one; -1: there is none.
func structural(s []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(s[at:], '"')
		if i < 0 {
			return -1
		}
		if at += i; !escaped(s, at) {
			return at
		}
		at++
	}
}

// escaped reports whether an odd number of backslashes stands before a place.
func escaped(s []byte, at int) bool {
	n := 0
	for at-n > 0 && s[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// InString reports whether a piece of a JSON document ends inside a string, if it begins inside of
// one or not.
func InString(s []byte, inside bool) bool {
	for i := 0; i < len(s); i++ {
		switch {
		case inside && s[i] == '\\':
			i++
		case s[i] == '"':
			inside = !inside
		}
	}
	return inside
}

// Span returns a span of the text as it came, plain.
func (it *Item) Span(start, end int) string {
	raw := it.raw[it.view.Raw(start):it.view.Raw(end)]
	if it.inJSON() {
		return Unescaped(raw)
	}
	return string(raw)
}

// Unescaped returns a piece of a JSON document without its escapes. What is no piece of a string
// stays as it is.
func Unescaped(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var plain string
	if json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &plain) != nil {
		return string(raw)
	}
	return plain
}
