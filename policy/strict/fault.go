package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a document, and where. Its texts never
// quote what may be a secret.
type Fault struct {
	File    string // empty: it is of no file
	Line    int    // from 1
	Col     int    // from 1, in characters
	Path    string // such as models.assistant.chain[0].use; empty for the document itself
	Message string
	Hint    string // what to do about it; may be empty
}

// String returns the fault as `file:line:col path: message; hint`, as far as it has them.
func (f Fault) String() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d", f.File, f.Line, f.Col)
	}
	if f.File != "" && f.Path != "" {
		b.WriteString(" ")
	}
	b.WriteString(f.Path + ": " + f.Message)
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// Faults are all the faults of one document, sorted by place, as one error.
type Faults struct {
	Faults []Fault
}

// Error returns one fault per line.
func (f *Faults) Error() string {
	lines := make([]string, len(f.Faults))
	for i, fault := range f.Faults {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// NewFaults puts the faults of a document in the order in which a reader meets their
// places: the files as they were given, each from its top.
func NewFaults(files []File, faults []Fault) *Faults {
	order := make(map[string]int, len(files))
	for i := len(files) - 1; i >= 0; i-- {
		order[files[i].Name] = i
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Path, b.Path))
	})
	return &Faults{Faults: faults}
}
