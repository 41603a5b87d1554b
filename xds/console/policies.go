package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// Rollback is what a request to bring an earlier revision back holds.
type Rollback struct {
	Revision string `json:"revision,omitempty"` // empty: the one before the latest change; see source.Source.Rollback
	Author   string `json:"author"`
	Reason   string `json:"reason"`
	Expect   string `json:"expect,omitempty"` // the revision that must be in effect; empty: any
}

// current answers with the change in effect, or with the canonical form of its
// policy where the query asks for it.
func (a *api) current(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.URL.Query().Has("canonical") {
		set := a.Policies.Latest()
		tag(w, set.Revision)
		return json.RawMessage(set.Canonical()), nil
	}
	c := a.Policies.Current()
	tag(w, c.Revision)
	return c, nil
}

func (a *api) history(http.ResponseWriter, *http.Request) (any, error) {
	all := slices.Clone(a.Policies.History())
	slices.SortFunc(all, func(x, y source.Change) int { return cmp.Compare(y.Number, x.Number) })
	for i := range all {
		all[i] = withoutFiles(all[i])
	}
	return all, nil
}

func (a *api) find(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := a.Policies.Find(r.PathValue("revision"))
	if err != nil || !r.URL.Query().Has("canonical") {
		return c, err
	}
	set, err := a.Compile(c.Files)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(set.Canonical()), nil
}

func (a *api) push(w http.ResponseWriter, r *http.Request) (any, error) {
	var p source.Proposal
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	if err := sendable(p.Files); err != nil {
		return nil, err
	}
	if err := complete(r, &p); err != nil {
		return nil, err
	}
	c, err := a.Policies.Push(p)
	return a.changed(w, c, p.Expect, err)
}

func (a *api) rollback(w http.ResponseWriter, r *http.Request) (any, error) {
	var body Rollback
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	p := source.Proposal{Author: body.Author, Reason: body.Reason, Expect: body.Expect}
	if err := complete(r, &p); err != nil {
		return nil, err
	}
	c, err := a.Policies.Rollback(body.Revision, p)
	return a.changed(w, c, p.Expect, err)
}

// complete takes the expected revision from If-Match and holds that somebody
// answers for the change.
func complete(r *http.Request, p *source.Proposal) error {
	if p.Author, p.Reason = strings.TrimSpace(p.Author), strings.TrimSpace(p.Reason); p.Author == "" || p.Reason == "" {
		return fail(BadRequest, "a change needs an author and a reason")
	}
	match := r.Header.Get("If-Match")
	if match == "" {
		return nil
	}
	revision, ok := unquote(match)
	if !ok || p.Expect != "" && p.Expect != revision {
		return fail(BadRequest, "If-Match must be one revision in double quotes, the same as expect")
	}
	p.Expect = revision
	return nil
}

// changed answers a change: with the new one, or with both revisions where it was
// made against another policy than the one in effect.
func (a *api) changed(w http.ResponseWriter, c source.Change, expected string, err error) (any, error) {
	if errors.Is(err, source.ErrConflict) {
		f := classify(err)
		f.Expected, f.InEffect = expected, a.Policies.Current().Revision
		return nil, f
	}
	if err != nil {
		return nil, err
	}
	tag(w, c.Revision)
	return withoutFiles(c), nil
}

func (a *api) diff(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Files []policy.File `json:"files"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := sendable(body.Files); err != nil {
		return nil, err
	}
	to, err := a.Compile(body.Files)
	if err != nil {
		return nil, err
	}
	return compare(a.Policies.Latest(), to)
}

// sendable holds that there are files, each with a name by which a fault can be found.
func sendable(files []policy.File) error {
	if len(files) == 0 {
		return fail(BadRequest, "a policy needs at least one file")
	}
	for i, f := range files {
		if strings.TrimSpace(f.Name) == "" {
			return fail(BadRequest, "files[%d] has no name", i)
		}
	}
	return nil
}

func withoutFiles(c source.Change) source.Change {
	c.Files = nil
	return c
}

func tag(w http.ResponseWriter, revision string) { w.Header().Set("ETag", `"`+revision+`"`) }

// unquote reads an entity tag. A weak one does not name a revision.
func unquote(tag string) (string, bool) {
	revision, opened := strings.CutPrefix(tag, `"`)
	revision, closed := strings.CutSuffix(revision, `"`)
	return revision, opened && closed && revision != "" && !strings.Contains(revision, `"`)
}
