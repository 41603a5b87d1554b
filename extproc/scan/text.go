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
