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

// look looks at a piece, and returns it without the byte order mark: not every client leaves it
// out.
func (o *opening) look(piece []byte) []byte {
	for o.form == formUnsaid && o.n == 0 && len(piece) > 0 && bytes.IndexByte(mark, piece[0]) >= 0 {
		piece = piece[1:]
	}
	for i := 0; o.form == formUnsaid && i < len(piece); i++ {
		switch c := piece[i]; {
		case o.n == 0 && blank(c):
		case o.n == 0 && (c == '{' || c == '['):
			o.form = formWhole
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
	return piece
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
