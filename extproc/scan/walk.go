package scan

import (
	"bytes"
	"unicode/utf8"
)

// Document checks that b is one JSON object in valid UTF-8 and returns an
// iterator over its members. The check of each member's value happens as the
// iterator passes it, so that one pass reads and validates.
func Document(b []byte) Members {
	if !utf8.Valid(b) {
		return Members{err: &SyntaxError{firstInvalid(b), "valid UTF-8"}}
	}
	i := skipBlank(b, 0)
	m := Members{b: b, i: i, whole: true}
	m.open('{', "an object")
	return m
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// Members walks the members of an object, or with a nil Key the elements of an
// array. The zero Members is empty.
//
//	m := scan.Document(body)
//	for m.Next() {
//		switch string(m.Key()) { ... m.Value() ... }
//	}
//	if m.Err() != nil { ... }
type Members struct {
	b          []byte
	i          int // offset of the next unread byte
	keyStart   int
	start, end int // of the current value
	array      bool
	whole      bool // nothing but blanks may follow the end
	first      bool // no member was read yet
	closed     bool
	err        error
}

// Fields returns an iterator over the members of an object value. Any other
// kind has none.
func (v Value) Fields() Members {
	if v.Kind() != Object {
		return Members{}
	}
	m := Members{b: v}
	m.open('{', "an object")
	return m
}

// Elements returns an iterator over the elements of an array value. Any other
// kind has none.
func (v Value) Elements() Members {
	if v.Kind() != Array {
		return Members{}
	}
	m := Members{b: v, array: true}
	m.open('[', "an array")
	return m
}

// Get returns the value of the first member of an object value with this name.
// If that matters, the caller must refuse duplicates.
func (v Value) Get(name string) Value {
	m := v.Fields()
	for m.Next() {
		if string(m.Key()) == name {
			return m.Value()
		}
	}
	return nil
}

func (m *Members) open(c byte, want string) {
	if m.i >= len(m.b) || m.b[m.i] != c {
		m.err = &SyntaxError{m.i, want}
		return
	}
	m.i++
	m.first = true
}

// Next moves to the next member and checks its value. It returns false at the
// end and at the first error.
func (m *Members) Next() bool {
	if m.err != nil || m.closed || m.b == nil {
		return false
	}
	end := byte('}')
	if m.array {
		end = ']'
	}
	i := skipBlank(m.b, m.i)
	if i < len(m.b) && m.b[i] == end && (m.first || m.b[m.i] != ',') {
		return m.close(i + 1)
	}
	if !m.first {
		if i >= len(m.b) || m.b[i] != ',' {
			return m.fail(&SyntaxError{i, "',' or '" + string(rune(end)) + "'"})
		}
		i = skipBlank(m.b, i+1)
	}
	m.first = false
	m.keyStart = i
	var err error
	if !m.array {
		if i, err = skipKey(m.b, i); err != nil {
			return m.fail(err)
		}
	}
	m.start = i
	if m.end, err = skipValue(m.b, i, 1); err != nil {
		return m.fail(err)
	}
	m.i = m.end
	return true
}

func (m *Members) close(i int) bool {
	m.closed = true
	m.i = i
	if m.whole {
		if j := skipBlank(m.b, i); j != len(m.b) {
			return m.fail(&SyntaxError{j, "the end"})
		}
	}
	return false
}

func (m *Members) fail(err error) bool {
	m.err = err
	return false
}

// Key returns the current member's name, decoded. It aliases the text if
// nothing is escaped.
func (m *Members) Key() []byte {
	if m.array {
		return nil
	}
	rest := m.b[m.keyStart+1 : m.start]
	if i := bytes.IndexByte(rest, '"'); bytes.IndexByte(rest[:i], '\\') < 0 {
		return rest[:i]
	}
	end, _ := skipString(m.b, m.keyStart)
	return Unescape(m.b[m.keyStart+1 : end-1])
}

// Value returns the current member's value.
func (m *Members) Value() Value { return Value(m.b[m.start:m.end:m.end]) }

// Span returns the offsets of the current value in the text, for an Edit.
func (m *Members) Span() (start, end int) { return m.start, m.end }

// MemberSpan returns the offsets of the current member in the text, from its
// name to the end of its value, without commas.
func (m *Members) MemberSpan() (start, end int) { return m.keyStart, m.end }

// Err returns what stopped the iteration before the end.
func (m *Members) Err() error { return m.err }

// Edit replaces the bytes from Start to End of a text.
type Edit struct {
	Start, End int
	With       []byte
}

// Splice appends src to dst with the edits done. Edits must be in order and must
// not overlap.
func Splice(dst, src []byte, edits []Edit) []byte {
	at := 0
	for _, e := range edits {
		dst = append(dst, src[at:e.Start]...)
		dst = append(dst, e.With...)
		at = e.End
	}
	return append(dst, src[at:]...)
}

// AppendString appends s as a JSON string. Characters that HTML minds are left
// as they are; invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
