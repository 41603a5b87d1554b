package scan

import (
	"bytes"
	"unsafe"
)

// FoldIndex returns the index of the name that a parser without case would take
// key for, or -1.
func FoldIndex(names []string, key []byte) int {
	for i, name := range names {
		if bytes.EqualFold(key, []byte(name)) {
			return i
		}
	}
	return -1
}

// Closing returns the offset of the quote that ends the JSON string whose inside
// begins b, or the length of b if none does.
func Closing(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(b)
}

// TextBytes counts the bytes, as written, of the strings that are values of members
// whose names end with one of these. Inside a string the quote of a name would be
// escaped, so only names and whole strings match, and only names are followed by a colon.
func TextBytes(data []byte, names []string) int64 {
	var n int64
	for _, name := range names {
		rest := data
		for {
			i := bytes.Index(rest, []byte(name))
			if i < 0 {
				break
			}
			rest = rest[i+len(name):]
			text, ok := opened(rest)
			if !ok {
				continue
			}
			end := Closing(text)
			n += int64(end)
			rest = text[end:]
		}
	}
	return n
}

// opened returns the inside of the string value after a member's name, whose
// closing quote begins b.
func opened(b []byte) ([]byte, bool) {
	for _, c := range [...]byte{'"', ':', '"'} {
		b = b[skipBlank(b, 0):]
		if len(b) == 0 || b[0] != c {
			return nil, false
		}
		b = b[1:]
	}
	return b, true
}

// Within returns the offset of inner, a part of outer's own memory, in outer; false for
// any other memory, even if its bytes are the same.
func Within(outer, inner []byte) (start int, ok bool) {
	if len(inner) == 0 || len(inner) > len(outer) {
		return 0, false
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(outer)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(inner)))
	if at < from || at-from > uintptr(len(outer)-len(inner)) {
		return 0, false
	}
	return int(at - from), true
}
