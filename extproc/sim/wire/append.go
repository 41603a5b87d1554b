package wire

import (
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// AppendCount appends a member's name with what comes before it, and a number.
func AppendCount(b []byte, name string, n int) []byte {
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

// AppendNullable appends a string, or null for an empty one.
func AppendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return scan.AppendString(b, s)
}
