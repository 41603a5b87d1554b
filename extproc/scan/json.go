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
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
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

// skipBlank returns the offset of the first byte at or after i that is no blank.
func skipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the offset after the value that starts at i.
func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, &SyntaxError{i, "a value"}
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{' || c == '[':
		return skipNested(b, i, depth)
	case c == 't':
		return skipLiteral(b, i, "true")
	case c == 'f':
		return skipLiteral(b, i, "false")
	case c == 'n':
		return skipLiteral(b, i, "null")
	case c == '-' || c >= '0' && c <= '9':
		return skipNumber(b, i)
	}
	return i, &SyntaxError{i, "a value"}
}

func skipLiteral(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, &SyntaxError{i, word}
	}
	return i + len(word), nil
}

// skipNested walks an object or array to its end. It recurses, which MaxDepth bounds.
func skipNested(b []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, ErrDepth
	}
	object := b[i] == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	i = skipBlank(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, nil
	}
	for {
		var err error
		if object {
			if i, err = skipKey(b, i); err != nil {
				return i, err
			}
		}
		if i, err = skipValue(b, i, depth+1); err != nil {
			return i, err
		}
		i = skipBlank(b, i)
		if i >= len(b) {
			return i, &SyntaxError{i, "',' or '" + string(rune(end)) + "'"}
		}
		if b[i] == end {
			return i + 1, nil
		}
		if b[i] != ',' {
			return i, &SyntaxError{i, "',' or '" + string(rune(end)) + "'"}
		}
		i = skipBlank(b, i+1)
	}
}

// skipKey returns the offset of the value after the member name at i.
func skipKey(b []byte, i int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return i, &SyntaxError{i, "a member name"}
	}
	i, err := skipString(b, i)
	if err != nil {
		return i, err
	}
	i = skipBlank(b, i)
	if i >= len(b) || b[i] != ':' {
		return i, &SyntaxError{i, "':'"}
	}
	return skipBlank(b, i+1), nil
}

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, in the high bit of each byte, the quotes, backslashes and
// control characters of eight bytes. Marks above the first may be wrong.
func special(w uint64) uint64 {
	quote := w ^ lows*'"'
	slash := w ^ lows*'\\'
	m := (quote - lows) &^ quote
	m |= (slash - lows) &^ slash
	m |= (w - lows*0x20) &^ w
	return m & highs
}

// skipString returns the offset after the string that starts at i.
func skipString(b []byte, i int) (int, error) {
	i++
	for {
		for i+8 <= len(b) {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return i, &SyntaxError{i, "'\"'"}
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				return i, &SyntaxError{i, "an escape sequence"}
			}
			i += n
		case c < 0x20:
			return i, &SyntaxError{i, "an escaped control character"}
		default:
			i++
		}
	}
}

// escapeLen returns the length of the escape sequence at the start of b, 0 if
// it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

func skipNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	start := i
	i = skipDigits(b, i)
	if i == start || b[start] == '0' && i > start+1 {
		return start, &SyntaxError{start, "a number"}
	}
	if i < len(b) && b[i] == '.' {
		start = i + 1
		if i = skipDigits(b, start); i == start {
			return i, &SyntaxError{i, "a digit"}
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(b, start); i == start {
			return i, &SyntaxError{i, "a digit"}
		}
	}
	return i, nil
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}
