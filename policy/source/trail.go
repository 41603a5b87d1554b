package source

import (
	"slices"
)

// trail is the history of a Source, with the revisions by this version's hash.
type trail struct {
	History
	hashes hashes
}

// last returns the newest change that matches.
func (t *trail) last(match func(Change) bool) (Change, bool) {
	for _, c := range slices.Backward(t.Changes()) {
		if match(c) {
			return c, true
		}
	}
	return Change{}, false
}

// newest returns the last change, or one without number if there is none.
func (t *trail) newest() Change {
	c, _ := t.last(func(Change) bool { return true })
	return c
}
