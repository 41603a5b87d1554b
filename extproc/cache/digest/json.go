package digest

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// appendCanonical appends a JSON value in the one way in which this package writes it: members
// sorted by name, no blanks, texts without escapes after their length, and numbers in their
// shortest form. What cannot be read is written as it is.
func appendCanonical(dst []byte, v scan.Value) []byte {
	switch v.Kind() {
	case scan.String:
		text, ok := v.Str()
		if !ok {
			return append(append(dst, '?'), v...)
		}
		return appendText(append(dst, '"'), text)
	case scan.Number:
		return appendNumber(append(dst, '#'), v)
	case scan.Object:
		return appendObject(dst, v)
	case scan.Array:
		dst = append(dst, '[')
		for e := v.Elements(); e.Next(); {
			dst = appendCanonical(dst, e.Value())
		}
		return append(dst, ']')
	case scan.Bool, scan.Null, scan.Invalid:
		return append(append(dst, '!'), bytes.TrimSpace(v)...)
	}
	return dst
}

func appendText(dst, text []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	return append(append(dst, ':'), text...)
}

// appendNumber appends a number: 1, 1.0 and 1e0 are one. Integers beyond what a float64 holds
// exactly stay as they are written.
func appendNumber(dst []byte, v scan.Value) []byte {
	text := string(bytes.TrimSpace(v))
	if f, err := strconv.ParseFloat(text, 64); err == nil && f > -1<<53 && f < 1<<53 {
		if f == 0 {
			f = 0 // of both signs
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	return append(dst, text...)
}

type member struct {
	name  []byte
	value scan.Value
}

func appendObject(dst []byte, v scan.Value) []byte {
	var all []member
	for m := v.Fields(); m.Next(); {
		all = append(all, member{bytes.Clone(m.Key()), m.Value()})
	}
	slices.SortStableFunc(all, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for i := range all {
		dst = appendCanonical(appendText(dst, all[i].name), all[i].value)
	}
	return append(dst, '}')
}
