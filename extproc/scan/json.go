// Package scan reads JSON in place and splits event streams, without building
// a tree and without decoding what is not asked for.
//
// The promise: what an Object or Array iterator returns without error is valid
// RFC 8259 JSON of bounded depth, read as any other strict parser reads it. The
// trap: only the members that are walked are checked for duplicates. A caller that acts
// on a member must refuse a second one of its name, because parsers differ in which of
// two they keep.
package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest. Deeper input is refused:
// the parsers of providers give up somewhere between 100 and 10,000.
const MaxDepth = 200

// ErrDepth says that a value nests deeper than MaxDepth.
var ErrDepth = errors.New("nested too deep")

// SyntaxError says at which byte a text stopped being JSON.
type SyntaxError struct {
	Offset int    // bytes from the start of the text
	Want   string // what was expected there
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: expected %s", e.Offset, e.Want)
}

// Kind is the type of a JSON value.
type Kind byte

// The kinds of JSON values. Invalid is that of an empty Value.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

// Value is the raw text of one JSON value, without surrounding blanks. It
// aliases the text that it was read from.
type Value []byte

// Kind returns the value's type, by its first byte.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Invalid
	}
	switch v[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// Str decodes a string value; it aliases the text if nothing is escaped.
// It returns false for any other kind.
func (v Value) Str() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	return Unescape(v[1 : len(v)-1]), true
}

// Int returns an integer value. A number with a fraction or exponent that is
// not a whole number, or beyond int64, returns false.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || f != float64(int64(f)) || f > 1<<53 || f < -1<<53 {
		return 0, false
	}
	return int64(f), true
}

// True reports whether the value is the literal true.
func (v Value) True() bool { return len(v) == 4 && v[0] == 't' }

// Unescape decodes the inside of a JSON string, without its quotes. It returns
// s itself if there is nothing to decode. Lone surrogates become U+FFFD.
func Unescape(s []byte) []byte {
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i >= 0 {
		out = append(out, s[:i]...)
		var n int
		out, n = unescapeOne(out, s[i:])
		s = s[i+n:]
		i = bytes.IndexByte(s, '\\')
	}
	return append(out, s...)
}

// unescapeOne decodes the escape sequence at the start of s and returns its length.
func unescapeOne(out, s []byte) ([]byte, int) {
	switch s[1] {
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		r := hex4(s[2:6])
		if r >= 0xD800 && r < 0xDC00 && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
			if lo := hex4(s[8:12]); lo >= 0xDC00 && lo < 0xE000 {
				return utf8.AppendRune(out, (r-0xD800)<<10+(lo-0xDC00)+0x10000), 12
			}
		}
		return utf8.AppendRune(out, r), 6
	}
	return append(out, s[1]), 2
}

func hex4(s []byte) rune {
	var r rune
	for _, c := range s[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20) - 'a' + 10
		}
	}
	return r
}
