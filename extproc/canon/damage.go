package canon

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Damage is what an event of a stream that cannot be read may have been.
type Damage uint8

// The kinds of damage.
const (
	DamagedNothing Damage = iota // no piece of an answer: a ping, a report, or what no dialect says
	DamagedFrame                 // what stands around pieces of an answer, such as the beginning of a block
	DamagedPiece                 // perhaps a piece of the answer
	DamagedError                 // an error
)

// Readable returns the part of an event's data that can be read, from their beginning.
func Readable(data []byte) []byte {
	data = bytes.TrimSpace(data)
	if at := scan.Broken(data); at >= 0 {
		return data[:at]
	}
	return data
}

// Foreign reports whether text that cannot be read is no damaged object with members of
// these names: none of them stands in it, and it was not cut off within one.
func Foreign(data []byte, names ...string) bool {
	for _, name := range names {
		if bytes.Contains(data, []byte(`"`+name+`"`)) {
			return false
		}
	}
	rest, object := bytes.CutPrefix(data, []byte{'{'})
	rest = bytes.TrimSpace(rest)
	if !object || len(rest) > 0 && rest[0] != '"' {
		return true
	}
	for _, name := range names {
		if strings.HasPrefix(`"`+name+`"`, string(rest)) {
			return false
		}
	}
	return true
}
