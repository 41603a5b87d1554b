package scan

import (
	"bytes"
	"errors"
)

// Texts reads one JSON value and counts the bytes, as written, of the strings in it that
// are values of members whose names, with their opening quotes, end with one of these. The
// error says where the value cannot be read: what was counted stands before that. Text that
// is no UTF-8 can.
func Texts(data []byte, names []string) (n int64, err error) {
	t := texts{b: data, names: names}
	i, err := t.value(skipBlank(data, 0), 0)
	if err == nil {
		if i = skipBlank(data, i); i < len(data) {
			err = &SyntaxError{i, "nothing more"}
		}
	}
	return t.n, err
}

// Broken returns the offset at which text stops being one JSON value; -1: it is one.
func Broken(text []byte) int {
	_, err := Texts(text, nil)
	var syntax *SyntaxError
	switch {
	case err == nil:
		return -1
	case errors.As(err, &syntax):
		return syntax.Offset
	}
	return 0 // it nests too deep
}

// texts is a walk through a value.
type texts struct {
	b     []byte
	names []string
	n     int64
}

// value returns the offset after the value that starts at i.
func (t *texts) value(i, depth int) (int, error) {
	if i < len(t.b) && (t.b[i] == '{' || t.b[i] == '[') {
		return t.nested(i, depth)
	}
	return skipValue(t.b, i, depth)
}

// nested walks an object or array to its end, as skipNested does.
func (t *texts) nested(i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, ErrDepth
	}
	b, object, end := t.b, t.b[i] == '{', t.b[i]+2 // the brackets' codes differ by two
	i = skipBlank(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, nil
	}
	for {
		var err error
		if object {
			i, err = t.member(i, depth)
		} else {
			i, err = t.value(i, depth+1)
		}
		if err != nil {
			return i, err
		}
		i = skipBlank(b, i)
		switch {
		case i < len(b) && b[i] == end:
			return i + 1, nil
		case i >= len(b) || b[i] != ',':
			return i, &SyntaxError{i, "',' or '" + string(rune(end)) + "'"}
		}
		i = skipBlank(b, i+1)
	}
}

// member reads a member of an object, and counts its text if it is one.
func (t *texts) member(i, depth int) (int, error) {
	name := i
	i, err := skipKey(t.b, i)
	if err != nil {
		return i, err
	}
	if i >= len(t.b) || t.b[i] != '"' {
		return t.value(i, depth+1)
	}
	end, err := skipString(t.b, i)
	if t.counts(t.b[name:i]) {
		t.n += int64(end - i - 1)
		if err == nil {
			t.n-- // the closing quote
		}
	}
	return end, err
}

// counts reports whether a name, with the colon and what blanks follow it, is one whose
// text counts.
func (t *texts) counts(name []byte) bool {
	name = name[:bytes.LastIndexByte(name, '"')]
	for _, n := range t.names {
		if len(name) >= len(n) && string(name[len(name)-len(n):]) == n {
			return true
		}
	}
	return false
}
