package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// A name that a server does not take ends, for that server, in nameMark and letters and
// digits that follow from the whole name: the request's own tools are enough to find it
// again. A name that ends so by itself is written so too, so that no two become one.
const (
	nameMark   = "_hg"
	nameDigits = 10

	// MinToolName is how long the names that a server takes must be, so that a name can
	// be told from others by its end.
	MinToolName = len(nameMark) + nameDigits
)

// TakesToolName reports whether AppendToolName leaves a name as it is.
func TakesToolName(name scan.Value, max int) bool {
	in := Inside(name)
	return name.Kind() != scan.String || len(in) <= max && Plain(in) && shortened(in) == nil
}

// AppendToolName appends the name of a tool for a server that takes letters, digits,
// underscores and hyphens, max of them at most.
func AppendToolName(dst []byte, name scan.Value, max int) []byte {
	if TakesToolName(name, max) {
		return append(dst, name...)
	}
	text := Str(name)
	dst = append(dst, '"')
	room := max - len(nameMark) - nameDigits
	for _, c := range text {
		if room--; room < 0 {
			break
		}
		if c > 0x7f || !plainByte(byte(c)) {
			c = '_'
		}
		dst = append(dst, byte(c))
	}
	dst = hash(text, 0).append(append(dst, nameMark...), nameDigits)
	return append(dst, '"')
}

// shortened returns the digits that a name ends in if it is one of AppendToolName's.
func shortened(name []byte) []byte {
	at := len(name) - nameDigits
	if at < len(nameMark) || !bytes.HasSuffix(name[:at], []byte(nameMark)) {
		return nil
	}
	for _, c := range name[at:] {
		if c == '_' || c == '-' || !plainByte(c) {
			return nil
		}
	}
	return name[at:]
}

// ToolName returns what the client calls a tool that a server calls so: a name that
// AppendToolName was given.
func (r *Request) ToolName(name scan.Value) scan.Value {
	digits := shortened(Inside(name))
	if r == nil || digits == nil {
		return name
	}
	var b [nameDigits]byte
	for i := range r.Tools {
		if t := &r.Tools[i]; t.Name != nil && bytes.Equal(hash(Str(t.Name), 0).append(b[:0], nameDigits), digits) {
			return t.Name
		}
	}
	return name
}

// LimitsToolNames reports whether it is known how long the names of tools may be that the
// model takes.
func (t *Target) LimitsToolNames() bool { return t.Traits.ToolName >= int64(MinToolName) }

// MaxToolName is how long the names of tools may be; usual is what the API takes of models
// of which that is not known.
func (t *Target) MaxToolName(usual int) int {
	if t.LimitsToolNames() {
		return int(t.Traits.ToolName)
	}
	return usual
}
