package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// NoArgs reports whether a tool call's arguments, an object or a string that should hold
// one, are none: servers that call a tool without any write nothing, blanks, null or an
// empty string, too.
func NoArgs(args scan.Value) bool {
	switch args.Kind() {
	case scan.Invalid, scan.Null:
		return true
	case scan.String:
		text := SkipBlank(Inside(args))
		return len(text) == 0 || mayBeNone(text) && isNone(text)
	case scan.Object:
		m := args.Fields()
		return !m.Next() && m.Err() == nil
	default:
		return false
	}
}

// nones are the texts, escaped, that stand for no arguments.
var nones = []string{`null`, `\"\"`, `\"null\"`}

// mayBeNone reports whether text that begins with no blank is the beginning of one of nones.
func mayBeNone(text []byte) bool {
	for _, none := range nones {
		if n := min(len(text), len(none)); string(text[:n]) == none[:n] {
			return len(SkipBlank(text[n:])) == 0
		}
	}
	return false
}

func isNone(text []byte) bool {
	for _, none := range nones {
		if rest, ok := bytes.CutPrefix(text, []byte(none)); ok && len(SkipBlank(rest)) == 0 {
			return true
		}
	}
	return false
}

// SkipBlank cuts the blanks off the beginning of escaped text.
func SkipBlank(text []byte) []byte {
	for {
		switch {
		case len(text) > 0 && text[0] == ' ':
			text = text[1:]
		case len(text) > 1 && text[0] == '\\' && (text[1] == 'n' || text[1] == 't' || text[1] == 'r'):
			text = text[2:]
		default:
			return text
		}
	}
}

// ArgsHead holds back the beginning of a call's arguments, which come in pieces, as long
// as they may be none. The zero ArgsHead is at the beginning.
type ArgsHead struct {
	held []byte
	past bool
}

// Feed takes a piece, a string, and returns what is known to belong to arguments, nil
// for nothing yet.
func (h *ArgsHead) Feed(piece scan.Value) scan.Value {
	switch {
	case Empty(piece):
		return nil
	case h.past:
		return piece
	}
	all := Inside(piece)
	if len(h.held) > 0 {
		h.held = append(h.held, all...)
		all = h.held
	}
	if text := SkipBlank(all); len(text) == 0 || mayBeNone(text) {
		h.held = append(h.held[:0], all...)
		return nil
	}
	h.past = true
	if len(h.held) == 0 {
		return piece
	}
	return AppendQuoted(nil, all)
}

// AppendObject appends a tool call's arguments as an object: no arguments are an
// empty one. It returns false, and dst as it was, for a string that holds none.
func AppendObject(dst []byte, args scan.Value) ([]byte, bool) {
	switch args.Kind() {
	case scan.Object:
		return append(dst, args...), true
	case scan.String:
		if text := scan.Unescape(Inside(args)); Whole(text) {
			return append(dst, text...), true
		}
	default: // no other value holds an object
	}
	if NoArgs(args) {
		return append(dst, '{', '}'), true
	}
	return dst, false
}

// IsObject reports whether AppendObject can write a tool call's arguments.
func IsObject(args scan.Value) bool {
	return NoArgs(args) || args.Kind() == scan.Object || args.Kind() == scan.String && Whole(scan.Unescape(Inside(args)))
}

// AppendText appends a tool call's arguments as a string that holds their JSON.
// A string is copied as it is, valid JSON or not, unless it says that there are none.
func AppendText(dst []byte, args scan.Value) []byte {
	switch {
	case NoArgs(args):
		return append(dst, `"{}"`...)
	case args.Kind() == scan.String:
		return append(dst, args...)
	default:
		return append(AppendEscaped(append(dst, '"'), args), '"')
	}
}
