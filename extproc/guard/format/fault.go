package format

import (
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

// Bounds of what is said of an answer.
const (
	maxFaults = 20
	maxPath   = 200 // bytes, as those below
	maxTool   = 128
	maxWhat   = 300
)

// Fault is one thing that is wrong with an answer. It holds no text of the answer but names, in the
// path.
type Fault struct {
	Tool string // the tool that is called; empty: it is of the answer's text
	Path string // JSON pointer to the place in the text, or in the arguments; empty: as a whole
	What string // such as "must be a number, is a string"
}

// String returns the fault as a clause for a model, such as
// "the arguments of get_weather at /days: must be a number, is a string".
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString("the answer")
	if f.Tool != "" {
		b.Reset()
		b.WriteString("the arguments of " + f.Tool)
	}
	if f.Path != "" {
		b.WriteString(" at " + f.Path)
	}
	return b.String() + ": " + f.What
}

func faultsOf(f *Fault) []Fault {
	if f == nil {
		return nil
	}
	return []Fault{*f}
}

// pointer returns a JSON pointer of bounded length.
func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if b.Len() > maxPath {
			break
		}
		b.WriteString("/" + escapePointer.Replace(p))
	}
	return bounded(b.String(), maxPath)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// bounded cuts a text that is too long, at a character.
func bounded(s string, max int) string {
	if len(s) <= max {
		return s
	}
	cut := max - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// quoted writes texts as JSON, between commas, until they are too long.
func quoted(all []string, max int) string {
	var b []byte
	for i, s := range all {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b = scan.AppendString(b, s); len(b) > max {
			break
		}
	}
	return bounded(string(b), max)
}
