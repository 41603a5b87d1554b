// Package policies is the part of the admin API that shows and changes the policy: what
// is in effect, what was, and what a change would mean.
//
// The promise: a change applies completely or not at all, and says who, why and against
// what it was made.
package policies

import (
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// Source is the policy in effect with its history, as source.Source. All methods are
// safe for concurrent use.
type Source interface {
	// Latest returns the policy in effect, in its compiled form.
	Latest() *policy.Set
	// Current returns the change that put the policy into effect.
	Current() source.Change
	// History returns every change that took effect, the newest first.
	History() []source.Change
	// Find returns the newest change to a revision, or source.ErrUnknownRevision.
	Find(revision string) (source.Change, error)
	// Push puts a policy into effect. It returns *policy.Faults if it has some, and
	// source.ErrConflict if another revision is in effect than expected.
	Push(source.Proposal) (source.Change, error)
	// Rollback puts an earlier revision into effect again. The files of the proposal are
	// not read. It returns the errors of Find and Push.
	Rollback(revision string, p source.Proposal) (source.Change, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "policy"

// Routes shows and changes the policy of a source.
func Routes(s Source) []console.Route {
	a := api{s}
	canonical := "; `?canonical`: what it means instead, without what equals its default"
	return []console.Route{
		{Method: "GET", Right: console.Read, Handle: a.current,
			Answer: "the change in effect with its files (base64); its revision as the `ETag`" + canonical},
		{Method: "PUT", Right: console.Change, Handle: a.push,
			Body:   "`{files: [{name, data}], author, reason, expect}`",
			Answer: "the new change; without one, the change that put the same policy into effect",
			Fails:  []*console.Kind{Conflict, Invalid, Unfit}},
		{Method: "GET", Path: "/history", Right: console.Read, Handle: a.history,
			Answer: "every change, the newest first, without files"},
		{Method: "GET", Path: "/history/{revision}", Right: console.Read, Handle: a.find,
			Answer: "the newest change to a revision with its files" + canonical,
			Fails:  []*console.Kind{UnknownRevision, Invalid}},
		{Method: "POST", Path: "/rollback", Right: console.Change, Handle: a.rollback,
			Body: "`{revision, author, reason, expect}`",
			Answer: "the new change. Without `revision` it goes back by one policy, each time further; " +
				"one that a pair refused is passed over",
			Fails: []*console.Kind{Conflict, UnknownRevision, Invalid, Unfit}},
		{Method: "POST", Path: "/diff", Right: console.Read, Handle: a.diff,
			Body:   "`{files: [{name, data}]}`",
			Answer: "`{from, to, changes: [{path, kind, from, to}]}`, by meaning; nothing changes",
			Fails:  []*console.Kind{Invalid}},
	}
}
