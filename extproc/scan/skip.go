package scan

import (
	"encoding/binary"
	"math/bits"
)

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
