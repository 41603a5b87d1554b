package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

// Bounds of what is judged. Beyond them it could cost far more than reading it does.
const (
	maxValues  = 100_000   // in a text
	maxScanned = 256 << 20 // bytes, each as often as it is nested
	maxDigits  = 400       // of a number, and in its exponent's value
)

var errTooLarge = errors.New("the answer is too large to be judged")

// parse reads a text that must be one JSON value, and counts the values in it. Of two members of one
// name none is preferred: parsers differ in which they keep.
func parse(text []byte) (v any, values int, fault *Fault, err error) {
	if fault := malformed(text); fault != nil {
		return nil, 0, fault, nil
	}
	r := valueReader{}
	v = r.read(scan.Value(trim(text)))
	switch {
	case r.tooLarge:
		return nil, 0, nil, errTooLarge
	case r.fault != nil:
		return nil, 0, r.fault, nil
	}
	return v, r.values, nil, nil
}

// trim cuts the blanks off that may stand around a JSON value.
func trim(text []byte) []byte { return bytes.Trim(text, " \t\r\n") }

// malformed returns why a text is no JSON value, nil if it is one.
func malformed(text []byte) *Fault {
	start := trim(text)
	if len(start) == 0 {
		return &Fault{What: "must be JSON, is empty"}
	}
	if bytes.HasPrefix(start, []byte("```")) {
		return &Fault{What: "must be JSON alone, begins with a code fence"}
	}
	_, err := scan.Texts(text, nil)
	var at *scan.SyntaxError
	switch {
	case errors.Is(err, scan.ErrDepth):
		return &Fault{What: fmt.Sprintf("must be JSON that nests no deeper than %d", scan.MaxDepth)}
	case errors.As(err, &at):
		return &Fault{What: fmt.Sprintf("must be JSON, is none at byte %d: %s is expected there", at.Offset, at.Want)}
	case !utf8.Valid(text):
		return &Fault{What: "must be JSON in UTF-8"}
	}
	return nil
}

// valueReader makes Go values of a text that is JSON.
type valueReader struct {
	values, scanned int
	path            []string
	tooLarge        bool
	fault           *Fault // the first
}

func (r *valueReader) read(v scan.Value) any {
	if r.values++; r.values > maxValues || r.scanned > maxScanned {
		r.tooLarge = true
	}
	if r.tooLarge || r.fault != nil {
		return nil
	}
	switch v.Kind() {
	case scan.Object:
		return r.object(v)
	case scan.Array:
		return r.array(v)
	case scan.String:
		s, _ := v.Str()
		return string(s)
	case scan.Number:
		if !readable(v) {
			r.fault = r.at("is a number that is too large, or has too many digits")
		}
		return json.Number(v)
	case scan.Bool:
		return v.True()
	default:
		return nil
	}
}

func (r *valueReader) at(what string) *Fault { return &Fault{Path: pointer(r.path), What: what} }

func (r *valueReader) object(v scan.Value) any {
	r.scanned += len(v)
	out := map[string]any{}
	for m := v.Fields(); m.Next(); {
		key := string(m.Key())
		r.path = append(r.path, key)
		if _, twice := out[key]; twice && r.fault == nil {
			r.fault = r.at("stands there twice")
		}
		out[key] = r.read(m.Value())
		r.path = r.path[:len(r.path)-1]
	}
	return out
}

func (r *valueReader) array(v scan.Value) any {
	r.scanned += len(v)
	out := []any{}
	for e := v.Elements(); e.Next(); {
		r.path = append(r.path, strconv.Itoa(len(out)))
		out = append(out, r.read(e.Value()))
		r.path = r.path[:len(r.path)-1]
	}
	return out
}

// readable reports whether a number can be computed with: schemas are judged with all of its digits,
// and 1e999999999 has too many.
func readable(n scan.Value) bool {
	if len(n) > maxDigits {
		return false
	}
	i := bytes.IndexAny(n, "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(string(n[i+1:]))
	return err == nil && exponent <= maxDigits && exponent >= -maxDigits
}
