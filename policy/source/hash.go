package source

import (
	"sync"

	"github.com/headgate/headgate/policy"
)

// hashes are the revisions of changes as this version of Headgate hashes them, by
// number: another version that shares the history, or wrote it, may have hashed the same
// policy otherwise, and two changes are compared by what they mean. The zero value knows
// none; it is safe for concurrent use.
type hashes struct{ known sync.Map }

// names are the revisions of a change.
type names struct {
	revision string // of what was in effect
	document string // of the document, without what lay over it
}

func namesOf(set *policy.Set) names { return names{set.Revision, set.Document().Revision} }

// recorded are the names that the change was recorded with.
func recorded(c Change) names {
	if c.Document == "" {
		return names{c.Revision, c.Revision}
	}
	return names{c.Revision, c.Document}
}

// names returns the revisions of a change, which is read once for them. A policy that this
// version cannot read has none but those that were recorded.
func (h *hashes) names(c Change) names {
	if n, ok := h.known.Load(c.Number); ok {
		return n.(names)
	}
	n := recorded(c)
	if set, _, err := c.compile(); err == nil {
		n = namesOf(set)
	}
	h.learn(c.Number, n)
	return n
}

// of returns the revision of what a change put into effect.
func (h *hashes) of(c Change) string { return h.names(c).revision }

// document returns the revision of a change's document.
func (h *hashes) document(c Change) string { return h.names(c).document }

// learned is shown without reading anything: the recorded revisions if the others are not
// known yet.
func (h *hashes) learned(c Change) Change {
	if n, ok := h.known.Load(c.Number); ok {
		return n.(names).on(c)
	}
	return c
}

// learn notes the revisions of a change that was read anyway.
func (h *hashes) learn(number int, n names) { h.known.Store(number, n) }

// named reports whether a change has a revision, by this version's hash or as it was
// recorded: logs and access records of that time name the latter.
func (h *hashes) named(c Change, revision string) bool {
	return c.Revision == revision || h.of(c) == revision
}

// shown returns a change with the revisions by this version's hash.
func (h *hashes) shown(c Change) Change { return h.names(c).on(c) }

func (n names) on(c Change) Change {
	if c.Revision, c.Document = n.revision, n.document; n.document == n.revision {
		c.Document = ""
	}
	return c
}
