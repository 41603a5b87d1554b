package canon

import (
	"github.com/headgate/headgate/extproc/scan"
)

// AppendComma appends a comma unless an object or array was just opened.
func AppendComma(dst []byte) []byte {
	if n := len(dst); n > 0 && (dst[n-1] == '{' || dst[n-1] == '[') {
		return dst
	}
	return append(dst, ',')
}

// AppendKey appends a member's name, which must need no escapes, and its colon.
func AppendKey(dst []byte, name string) []byte {
	dst = append(AppendComma(dst), '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// AppendRaw appends a member unless its value is absent.
func AppendRaw(dst []byte, name string, v scan.Value) []byte {
	if len(v) == 0 {
		return dst
	}
	return append(AppendKey(dst, name), v...)
}

// AppendQuoted appends text that is escaped already as a string.
func AppendQuoted(dst, escaped []byte) []byte {
	return append(append(append(dst, '"'), escaped...), '"')
}

// Whole reports whether text is one JSON object and nothing else.
func Whole(text []byte) bool {
	m := scan.Document(text)
	for m.Next() {
	}
	return m.Err() == nil
}

// AppendEscaped appends valid JSON text as the inside of a string.
func AppendEscaped(dst, text []byte) []byte {
	from := 0
	for i, c := range text {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch c {
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', c)
		}
	}
	return append(dst, text[from:]...)
}
