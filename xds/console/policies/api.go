package policies

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// Rollback is what a request to bring an earlier revision back holds.
type Rollback struct {
	Revision string `json:"revision,omitempty"` // empty: the one before the latest change; see source.Source.Rollback
	Author   string `json:"author"`
	Reason   string `json:"reason"`
	Expect   string `json:"expect,omitempty"` // the revision that must be in effect; empty: any
	// WithoutOverlay takes back what lies over the document.
	WithoutOverlay bool `json:"without_overlay,omitempty"`
}

// Candidate is what a request to compare a policy holds.
type Candidate struct {
	Files []policy.File `json:"files"`
}

// api answers the routes.
type api struct{ source Source }

// current answers with the change in effect, or with the canonical form of its policy
// if the query asks for it.
func (a api) current(call *console.Call) (any, error) {
	if call.Query().Has("canonical") {
		set := a.source.Latest()
		call.Tag(set.Revision)
		return canonical(call, set), nil
	}
	c := a.source.Current()
	call.Tag(c.Revision)
	return c, nil
}

func (a api) history(*console.Call) (any, error) {
	all := slices.Clone(a.source.History())
	slices.SortFunc(all, func(x, y source.Change) int { return cmp.Compare(y.Number, x.Number) })
	for i := range all {
		all[i].Files = nil
	}
	return all, nil
}

func (a api) find(call *console.Call) (any, error) {
	c, err := a.source.Find(call.PathValue("revision"))
	if err != nil {
		return nil, failure(err)
	}
	if !call.Query().Has("canonical") {
		return c, nil
	}
	document, err := policy.ParseAccepted(c.Files)
	if err != nil {
		return nil, failure(err)
	}
	set, _ := document.Under(c.Overlay)
	return canonical(call, set), nil
}

// canonical is the form of a set that the query asks for.
func canonical(call *console.Call, set *policy.Set) json.RawMessage {
	if call.Query().Get("canonical") == "document" {
		set = set.Document()
	}
	return set.Canonical()
}

func (a api) push(call *console.Call) (any, error) {
	var p source.Proposal
	if err := call.Decode(&p); err != nil {
		return nil, err
	}
	if err := sendable(p.Files); err != nil {
		return nil, err
	}
	if err := complete(call, &p, subjectOf("policy", p.WithoutOverlay)); err != nil {
		return nil, err
	}
	before := a.source.Current()
	c, err := a.source.Push(p)
	return a.changed(call, before, c, p.Expect, err)
}

func (a api) rollback(call *console.Call) (any, error) {
	var body Rollback
	if err := call.Decode(&body); err != nil {
		return nil, err
	}
	p := source.Proposal{Author: body.Author, Reason: body.Reason, Expect: body.Expect, WithoutOverlay: body.WithoutOverlay}
	if err := complete(call, &p, subjectOf("policy", p.WithoutOverlay)); err != nil {
		return nil, err
	}
	before := a.source.Current()
	c, err := a.source.Rollback(body.Revision, p)
	return a.changed(call, before, c, p.Expect, err)
}

// complete takes the author from who asks and the expected revision from If-Match, and
// demands an author and a reason. The subject is for the record.
func complete(call *console.Call, p *source.Proposal, subject string) error {
	p.Author, p.Reason = call.By.Author(p.Author), strings.TrimSpace(p.Reason)
	call.Propose(subject, p.Author, p.Reason)
	if p.Author == "" || p.Reason == "" {
		return console.BadRequest.New("a change needs an author and a reason")
	}
	revision, ok := call.Match()
	if !ok || revision != "" && p.Expect != "" && p.Expect != revision {
		return console.BadRequest.New("If-Match must be one revision in double quotes, the same as expect")
	}
	p.Expect = cmp.Or(revision, p.Expect)
	return nil
}

// changed answers a change: with the new one, or with both revisions if it was made
// against another policy than the one in effect. A change without effect has the number of the
// one before, in whose revision it begins and ends.
func (a api) changed(call *console.Call, before, c source.Change, expected string, err error) (any, error) {
	if err != nil {
		return nil, a.conflict(failure(err), expected)
	}
	from := c.Parent
	if c.Number == before.Number {
		from = c.Revision
	}
	call.Changed(from, c.Revision)
	call.Tag(c.Revision)
	c.Files = nil
	return c, nil
}

func (a api) diff(call *console.Call) (any, error) {
	var body Candidate
	if err := call.Decode(&body); err != nil {
		return nil, err
	}
	if err := sendable(body.Files); err != nil {
		return nil, err
	}
	to, err := policy.ParseFiles(body.Files)
	if err != nil {
		return nil, failure(err)
	}
	return compare(a.source.Latest(), to, a.source.Current().Overlay)
}

// sendable demands that there are files, each with a name by which a fault can be found.
func sendable(files []policy.File) error {
	if len(files) == 0 {
		return console.BadRequest.New("a policy needs at least one file")
	}
	for i, f := range files {
		if strings.TrimSpace(f.Name) == "" {
			return console.BadRequest.New("files[%d] has no name", i)
		}
	}
	return nil
}
