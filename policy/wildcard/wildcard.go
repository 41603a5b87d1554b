// Package wildcard finds the model of a policy that answers a name, where some of its models
// answer many names: claude-* answers every name that begins with claude-.
//
// The promise: the same name finds the same model everywhere, whatever the order in which the
// models stand. A model of that very name comes first; then the wildcard counts that says most of
// the name, and of two that say as much the one that says more of its beginning. The trap: names
// come from clients. One that no policy could have written is answered by no wildcard.
package wildcard

import (
	"slices"
	"strings"
)

// Star stands for one character or more of a name, and occurs once in a wildcard.
const Star = "*"

// MaxName bounds the names, in bytes, that a wildcard answers: no model of a policy has a longer one.
const MaxName = 128

// Is reports whether a text is a wildcard.
func Is(text string) bool { return strings.Contains(text, Star) }

// Match reports whether a wildcard answers a name: a name that begins and ends as the wildcard
// does, and has something in the place of the star.
func Match(wildcard, name string) bool {
	before, after, ok := strings.Cut(wildcard, Star)
	return ok && len(name) > len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) && valid(name)
}

// Meet reports whether some name is answered by both of two wildcards.
func Meet(one, other string) bool {
	before, after, _ := strings.Cut(one, Star)
	otherBefore, otherAfter, _ := strings.Cut(other, Star)
	return (strings.HasPrefix(before, otherBefore) || strings.HasPrefix(otherBefore, before)) &&
		(strings.HasSuffix(after, otherAfter) || strings.HasSuffix(otherAfter, after))
}

// Fill returns the name that a model has at a backend, where the policy writes it with a star, for
// a name that the model is asked by. A star with something before or after it stands for what the
// model's own star stands for. A star alone stands for the whole name, without what the model says
// of a path before it: openai/* is asked by openai/gpt-5 for gpt-5, and gpt-* by gpt-5 for gpt-5.
//
// What is written without a star is what it returns, and so it does of a model that is no wildcard,
// whose name is the one that it is asked by.
func Fill(model, name, written string) string {
	if model == name || name == "" || !Is(written) {
		return written
	}
	before, after, _ := strings.Cut(model, Star)
	if written == Star {
		return name[strings.LastIndexByte(before, '/')+1:]
	}
	return strings.Replace(written, Star, name[len(before):len(name)-len(after)], 1)
}

// valid reports whether a policy could have a model of this name: printable ASCII without blanks,
// quotes, backslash and star.
func valid(name string) bool {
	if len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; c {
		case '"', '\'', '`', '\\', Star[0]:
			return false
		default:
			if c <= ' ' || c > '~' {
				return false
			}
		}
	}
	return true
}

// Index finds models by the names that they answer. It is immutable and safe for concurrent use.
type Index struct {
	exact  map[string]struct{}
	begin  map[string][]ending // of wildcards, the longest first, by what they begin with
	widths []int               // lengths of what wildcards begin with, the longest first
}

// ending is what a wildcard ends with.
type ending struct{ text, wildcard string }

// NewIndex makes an Index of models: those of one name each, and wildcards.
func NewIndex(named, wildcards []string) *Index {
	x := &Index{exact: make(map[string]struct{}, len(named)), begin: make(map[string][]ending, len(wildcards))}
	for _, name := range named {
		x.exact[name] = struct{}{}
	}
	for _, w := range wildcards {
		before, after, _ := strings.Cut(w, Star)
		x.begin[before] = append(x.begin[before], ending{after, w})
		x.widths = append(x.widths, len(before))
	}
	for _, all := range x.begin {
		slices.SortFunc(all, func(a, b ending) int { return len(b.text) - len(a.text) })
	}
	slices.SortFunc(x.widths, func(a, b int) int { return b - a })
	x.widths = slices.Compact(x.widths)
	return x
}

// Find returns the model that answers a name, or false if none does. It does not allocate.
func (x *Index) Find(name string) (model string, ok bool) {
	if _, ok := x.exact[name]; ok {
		return name, true
	}
	if len(x.widths) == 0 || !valid(name) {
		return "", false
	}
	for _, width := range x.widths {
		if w := x.longest(name, width); len(w) > len(model) {
			model = w
		}
	}
	return model, model != ""
}

// longest returns the wildcard that says most of a name and whose beginning has this length; empty:
// there is none.
func (x *Index) longest(name string, width int) string {
	if width >= len(name) {
		return ""
	}
	for _, e := range x.begin[name[:width]] {
		if len(name) > width+len(e.text) && strings.HasSuffix(name, e.text) {
			return e.wildcard
		}
	}
	return ""
}
