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
	// Lay lays something over the document in effect, or takes it back. It returns
	// *source.OverlayError if the document has no place for it, and the errors of Push.
	Lay(source.Laying) (source.Change, error)
	// Overlay returns what lies over the document and acts, the simulated backends of
	// this process included.
	Overlay() policy.Overlay
	// LeftOut returns what lies over the document and does not act.
	LeftOut() []policy.LeftOut
}

// Prefix is what the routes are mounted under.
const Prefix = "policy"

// Routes shows and changes the policy of a source.
func Routes(s Source) []console.Route {
	a := api{s}
	canonical := "; `?canonical`: what it means instead, with what lies over it and without what equals its default; " +
		"`?canonical=document`: without what lies over it"
	return []console.Route{
		{Method: "GET", Right: console.Read, Handle: a.current,
			Answer: "the change in effect with its files (base64); its revision as the `ETag`" + canonical},
		{Method: "PUT", Right: console.Change, Action: "policy.push", Handle: a.push,
			Body: "`{files: [{name, data}], author, reason, expect, without_overlay}`",
			Answer: "the new change; without one, the change that put the same policy into effect. " +
				"What lies over the policy stays, unless `without_overlay` takes it back",
			Fails: []*console.Kind{Conflict, Invalid, Unfit}},
		{Method: "GET", Path: "/history", Right: console.Read, Handle: a.history,
			Answer: "every change, the newest first, without files"},
		{Method: "GET", Path: "/history/{revision}", Right: console.Read, Handle: a.find,
			Answer: "the newest change to a revision with its files" + canonical,
			Fails:  []*console.Kind{UnknownRevision, Invalid}},
		{Method: "POST", Path: "/rollback", Right: console.Change, Action: "policy.rollback", Handle: a.rollback,
			Body: "`{revision, author, reason, expect, without_overlay}`",
			Answer: "the new change. Without `revision` it goes back by one policy, each time further; " +
				"one that a pair refused is passed over",
			Fails: []*console.Kind{Conflict, UnknownRevision, Invalid, Unfit}},
		{Method: "POST", Path: "/diff", Right: console.Read, Handle: a.diff,
			Body: "`{files: [{name, data}]}`",
			Answer: "`{from, to, changes: [{path, kind, from, to}], overlay: [{entry, before, after, reason}]}`, by meaning: " +
				"of the documents, and of what lies over the one in effect; nothing changes",
			Fails: []*console.Kind{Invalid}},
		{Method: "GET", Path: "/overlay", Right: console.Read, Handle: a.overlay,
			Answer: "`{revision, document, in_effect, left_out}`: what lies over the document, by whom, why and until when"},
		{Method: "POST", Path: "/overlay", Right: console.Change, Action: "policy.overlay", Handle: a.lay,
			Body: "`{weights: [{model, link, uses: {\"backend/model\": weight}}], clear: [{model, link}], drain: [{backend, use, model}], undrain: [{backend, use, model}], for, author, reason, expect}`",
			Answer: "the new change, with what lies over the document then. The weights replace those that lie over the same link; " +
				"0 takes a use out of it; `for` is a duration, and without it all stays until it is taken back. `drain` takes a backend, or the model `use` of it, out of the chains, or out of `model`'s, that have something else",
			Fails: []*console.Kind{Conflict, InvalidOverlay, Invalid, Unfit}},
	}
}
