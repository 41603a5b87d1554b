package provider

import (
	"bytes"
	"slices"
	"strings"
)

// form is what the first bytes of an answer show that it is.
type form uint8

// The forms of answers.
const (
	formUnsaid form = iota // nothing but blanks has come
	formEvents             // a stream of events
	formWhole              // JSON
	formNone               // neither, such as the text of an error
)

// opening looks at how an answer begins, whatever its label says and whatever sizes its bytes
// arrive in. A byte order mark and blanks in front say nothing.
type opening struct {
	form form
	name [len("event") + 1]byte // what has come of the first field's name, and one byte that no name has
	n    int
}

// fields are the names of a stream's fields (HTML, 9.2.6). A comment has none.
var fields = []string{"", "data", "event", "id", "retry"}

// look looks at a piece. From is where in it a whole answer begins that was found in it.
func (o *opening) look(piece []byte) (from int) {
	for i := 0; o.form == formUnsaid && i < len(piece); i++ {
		switch c := piece[i]; {
		case o.n == 0 && (blank(c) || bytes.IndexByte(mark, c) >= 0):
		case o.n == 0 && (c == '{' || c == '['):
			o.form, from = formWhole, i
		case c == ':' || blank(c):
			o.form = formNone
			if slices.Contains(fields, string(o.name[:o.n])) {
				o.form = formEvents
			}
		default:
			o.name[o.n] = c
			if o.n++; !beginsField(string(o.name[:o.n])) {
				o.form = formNone
			}
		}
	}
	return from
}

func beginsField(name string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, name) })
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// formOf is the form of an answer of which all is there.
func formOf(body []byte) form {
	var o opening
	o.look(body)
	return o.form
}

// mark is the byte order mark, which some servers write before JSON although it has none.
var mark = []byte("\ufeff")

// unmarked returns a text without the byte order mark that it may begin with.
func unmarked(body []byte) []byte { return bytes.TrimPrefix(body, mark) }
