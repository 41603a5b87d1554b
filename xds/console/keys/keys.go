// Package keys is the part of the admin API that makes, lists, rotates and revokes keys: those
// with which callers ask for models, and those of the admin API itself.
//
// The promise: the text of a key is in the answer that made it, and nowhere else, not in the
// record of the change either.
package keys

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/key"
)

// Service makes and ends keys, as key.Service.
type Service interface {
	Create(ctx context.Context, spec key.Spec, by string) (*key.Made, error)
	Rotate(ctx context.Context, name string, overlap time.Duration) (*key.Made, error)
	Revoke(ctx context.Context, name, by string) (*key.Key, error)
	Expire(ctx context.Context, name string, at time.Time) (*key.Key, error)
	Assign(ctx context.Context, name string, a key.Attributes) (*key.Key, error)
	List(ctx context.Context, ended bool) ([]key.Key, error)
	Get(ctx context.Context, name string) (*key.Key, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "keys"

// The kinds of failures of these routes.
var (
	Unknown = &console.Kind{Code: "unknown_key", Status: http.StatusNotFound, When: "there is no such key"}
	Taken   = &console.Kind{Code: "name_taken", Status: http.StatusConflict, When: "another key has the name"}
	Ended   = &console.Kind{Code: "key_ended", Status: http.StatusConflict, When: "the key was revoked or has expired"}
	Invalid = &console.Kind{Code: "invalid_key", Status: http.StatusUnprocessableEntity, When: "the key cannot be made as asked"}
)

// Options are what is said of keys beside what a Service knows.
type Options struct {
	Takes    func() bool                                       // reports whether the policy in effect takes those of callers
	Balances func(ctx context.Context, id string) key.Balances // of a caller's key; nil: nobody is asked
	Now      func() time.Time
}

// Routes makes and ends keys.
func Routes(s Service, o Options) []console.Route {
	a := api{o, s}
	const form = "`{id, name, role, attributes, state, created, created_by, expires, revoked, revoked_by, secrets: [{created, until}]}`"
	change := func(method, path, action, body, answer string, handle func(*console.Call) (any, error), fails ...*console.Kind) console.Route {
		return console.Route{Method: method, Path: path, Right: console.Change, Action: action, Body: body, Answer: answer, Handle: handle, Fails: fails}
	}
	return []console.Route{
		{Method: "GET", Right: console.Read, Handle: a.list,
			Answer: "`{keys}`: those that are active, the newest first; with `ended=true` those that were revoked or have expired, too"},
		{Method: "GET", Path: "/{key}", Right: console.Read, Handle: a.get, Fails: []*console.Kind{Unknown},
			Answer: "a key by its id or its name: " + form + ". `state` is active, expired or revoked. A caller's that is active has `balances: {pairs, answered, shared, troubles, limits: [{pair, owner, name, unit, max, left, reset_seconds, shadow}]}`: what is left of what it may consume, as the pairs say that are linked to this control plane; `shared` by all, or of each `pair`"},
		change("POST", "", "key.create", "`{name, role, attributes: {user, team, tier, models, tags, quota: {rpm, tpm, nano_usd_per_day, nano_usd_per_month, shadow}}, expires, author, reason}`",
			"`{key, text, warning}`: the text is shown this once; `warning` says why it is not taken now. With the role `read` or `write` it is a key of this API", a.create, Invalid, Taken),
		change("POST", "/{key}/rotate", "key.rotate", "`{overlap, author, reason}`",
			"`{key, text, warning}`: another text of the key. Those before are taken for the overlap, a duration; without one they end at once", a.rotate, Invalid, Unknown, Ended),
		change("POST", "/{key}/revoke", "key.revoke", "`{author, reason}`", "the key, which is refused from now on", a.revoke, Unknown),
		change("POST", "/{key}/expire", "key.expire", "`{expires, author, reason}`", "the key. Without `expires` it never expires", a.expire, Invalid, Unknown, Ended),
		change("PUT", "/{key}/attributes", "key.assign", "`{attributes, author, reason}`", "the key, with these attributes in place of those that it had", a.assign, Invalid, Unknown, Ended),
	}
}

// failure classifies an error of a Service.
func failure(err error) error {
	for of, kind := range map[error]*console.Kind{key.ErrInvalid: Invalid, key.ErrNotFound: Unknown, key.ErrTaken: Taken, key.ErrEnded: Ended} {
		if errors.Is(err, of) {
			return kind.New("%v", err)
		}
	}
	return err
}
