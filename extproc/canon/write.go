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

// AppendObject appends a tool call's arguments as an object: no arguments are an
// empty one. It returns false, and dst as it was, for a string that holds none.
func AppendObject(dst []byte, args scan.Value) ([]byte, bool) {
	switch args.Kind() {
	case scan.Object:
		return append(dst, args...), true
	case scan.Invalid:
		return append(dst, '{', '}'), true
	case scan.String:
		text := scan.Unescape(Inside(args))
		if blank(text) {
			return append(dst, '{', '}'), true
		}
		if Whole(text) {
			return append(dst, text...), true
		}
	default: // no other value holds an object
	}
	return dst, false
}

// IsObject reports whether AppendObject can write a tool call's arguments.
func IsObject(args scan.Value) bool {
	switch args.Kind() {
	case scan.Object, scan.Invalid:
		return true
	case scan.String:
		text := scan.Unescape(Inside(args))
		return blank(text) || Whole(text)
	default:
		return false
	}
}

// Whole reports whether text is one JSON object and nothing else.
func Whole(text []byte) bool {
	m := scan.Document(text)
	for m.Next() {
	}
	return m.Err() == nil
}

func blank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// AppendText appends a tool call's arguments as a string that holds their JSON.
// A string is copied as it is, valid JSON or not.
func AppendText(dst []byte, args scan.Value) []byte {
	switch args.Kind() {
	case scan.String:
		return append(dst, args...)
	case scan.Invalid:
		return append(dst, `"{}"`...)
	default:
		return append(AppendEscaped(append(dst, '"'), args), '"')
	}
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
