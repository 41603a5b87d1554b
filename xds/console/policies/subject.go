package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/source"
)

// subjectOf is what a change of the document is about.
func subjectOf(what string, withoutOverlay bool) string {
	if withoutOverlay {
		return what + ", without overlay"
	}
	return what
}

// subject is what a request to lay something over the document is about, in one line.
func (l *Laying) subject() string {
	var all []string
	for _, w := range l.Weights {
		var uses []string
		for _, name := range slices.Sorted(maps.Keys(w.Uses)) {
			uses = append(uses, fmt.Sprintf("%s=%d", name, w.Uses[name]))
		}
		all = append(all, "weights of "+linkOf(w.Target)+": "+strings.Join(uses, " "))
	}
	for _, t := range l.Clear {
		all = append(all, "weights of "+linkOf(t)+" taken back")
	}
	for _, d := range l.Drain {
		all = append(all, "drain "+drainOf(d))
	}
	for _, d := range l.Undrain {
		all = append(all, "undrain "+drainOf(d))
	}
	text := strings.Join(all, ", ")
	if l.For != "" {
		text += ", for " + l.For
	}
	return text
}

func linkOf(t source.Target) string {
	if t.Link == nil {
		return t.Model
	}
	return fmt.Sprintf("%s[%d]", t.Model, *t.Link)
}

func drainOf(d source.Drain) string {
	text := d.Backend
	if d.Use != "" {
		text += "/" + d.Use
	}
	if d.Model != "" {
		text += " of " + d.Model
	}
	return text
}
