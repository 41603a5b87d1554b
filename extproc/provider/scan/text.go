package scan

import "bytes"

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
// begins b, or the length of b where none does.
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
