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

// of returns the revision of a change, which is read once for it. A policy that this
// version cannot read has none but the one that was recorded.
func (h *hashes) of(c Change) string {
	if revision, ok := h.known.Load(c.Number); ok {
		return revision.(string)
	}
	revision := c.Revision
	if set, err := policy.ParseFiles(c.Files); err == nil {
		revision = set.Revision
	}
	h.learn(c.Number, revision)
	return revision
}

// learned is of without reading anything: the recorded revision if the other is not
// known yet.
func (h *hashes) learned(c Change) string {
	if revision, ok := h.known.Load(c.Number); ok {
		return revision.(string)
	}
	return c.Revision
}

// learn notes the revision of a change that was read anyway.
func (h *hashes) learn(number int, revision string) { h.known.Store(number, revision) }

// named reports whether a change has a revision, by this version's hash or as it was
// recorded: logs and access records of that time name the latter.
func (h *hashes) named(c Change, revision string) bool {
	return c.Revision == revision || h.of(c) == revision
}

// shown returns a change with the revision by this version's hash.
func (h *hashes) shown(c Change) Change {
	c.Revision = h.of(c)
	return c
}
