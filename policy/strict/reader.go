package strict

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Reader collects the faults of one document while it is read. What reads a value reports
// a fault once and then returns false, so that reading goes on elsewhere.
type Reader struct {
	faults   []Fault
	notes    []any
	accepted bool
}

// Fault reports what is wrong with the value at a place, and what to do about it.
func (r *Reader) Fault(at Place, hint, format string, args ...any) {
	r.faults = append(r.faults, at.Fault(fmt.Sprintf(format, args...), hint))
}

// Faults returns what was reported so far, in no order of places: see NewFaults.
func (r *Reader) Faults() []Fault { return r.faults }

// Accepted reports whether the document was accepted before: see Options.
func (r *Reader) Accepted() bool { return r.accepted }

// Note keeps what the reader of a value leaves for checks that need the whole document,
// such as a name and the place where it is used.
func (r *Reader) Note(note any) { r.notes = append(r.notes, note) }

// Notes returns the notes of one type, in the order in which they were made.
func Notes[T any](r *Reader) []T {
	var all []T
	for _, note := range r.notes {
		if n, ok := note.(T); ok {
			all = append(all, n)
		}
	}
	return all
}

// maxSuggested is the number of faults after which misspelled names are no longer
// compared with the known ones, because each search looks at every name.
const maxSuggested = 100

// Suggest returns the hint for a misspelled name: which of the known ones is meant. It is
// empty if none is near.
func (r *Reader) Suggest(asked string, known []string) string {
	if len(r.faults) > maxSuggested {
		return ""
	}
	return Suggestion(asked, known)
}

// plain refuses what makes a value stand for another. Refusing aliases and merge
// keys keeps positions true and the size of what is read that of what is written.
func (r *Reader) plain(at Place) bool {
	switch n := at.node; {
	case n.Kind == yaml.AliasNode:
		r.Fault(at, "write the value out", "aliases are not supported")
	case n.Anchor != "":
		r.Fault(at, "write the value out where it is needed", "anchors are not supported")
	case n.Style&yaml.TaggedStyle != 0:
		r.Fault(at, "leave the tag out", "tags are not supported")
	default:
		return true
	}
	return false
}

// pairs visits the keys of a mapping that are plain text, with their values, in their
// order. A value has no key in its path yet.
func (r *Reader) pairs(at Place, visit func(name string, key, value Place)) {
	path := at.Path()
	for i := 0; i+1 < len(at.node.Content); i += 2 {
		key := Place{node: at.node.Content[i], file: at.file, base: path}
		if r.key(key) {
			visit(key.node.Value, key, Place{node: at.node.Content[i+1], file: at.file, base: path})
		}
	}
}

// key reports whether a key is plain text.
func (r *Reader) key(at Place) bool {
	switch n := at.node; {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		r.Fault(at, "write the keys out", "merge keys are not supported")
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		r.Fault(at, "", "a key must be text")
	default:
		return r.plain(at)
	}
	return false
}

// twice reports that what may stand once stands in two places.
func (r *Reader) twice(at Place, what string, first Place) {
	if at.file == first.file {
		r.Fault(at, "", "%s is given twice, first in line %d", what, first.node.Line)
		return
	}
	r.Fault(at, "", "%s is given twice, first in %s:%d", what, first.file, first.node.Line)
}

// wrong reports a value of another form than the wanted one.
func (r *Reader) wrong(at Place, hint, want string) {
	r.Fault(at, hint, "must be %s, is %s", want, form(at.node))
}
