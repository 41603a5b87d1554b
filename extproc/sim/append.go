package sim

import (
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// appendCount appends a member's name with what comes before it, and a number.
func appendCount(b []byte, name string, n int) []byte {
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

// appendNullable appends a string, or null for an empty one.
func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return scan.AppendString(b, s)
}
