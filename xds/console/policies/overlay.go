package policies

import (
	"cmp"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// Overlay is what lies over the document in effect.
type Overlay struct {
	Revision string         `json:"revision"`           // of what is in effect
	Document string         `json:"document"`           // revision of the document
	InEffect policy.Overlay `json:"in_effect"`          // what acts
	LeftOut  []string       `json:"left_out,omitempty"` // what does not, and why: the document has no place for it
}

// Laying is what a request to lay something over the document holds.
type Laying struct {
	Weights []source.LinkWeights `json:"weights,omitempty"` // laid; they replace those that lie over the same link
	Clear   []source.Target      `json:"clear,omitempty"`   // weights taken back
	Drain   []source.Drain       `json:"drain,omitempty"`   // taken out of chains
	Undrain []source.Drain       `json:"undrain,omitempty"` // put into them again
	For     string               `json:"for,omitempty"`     // until when, from now on, such as 1h30m; empty: until it is taken back
	Author  string               `json:"author"`
	Reason  string               `json:"reason"`
	Expect  string               `json:"expect,omitempty"` // the revision that must be in effect; empty: any
}

func (a api) overlay(call *console.Call) (any, error) {
	set := a.source.Latest()
	call.Tag(set.Revision)
	out := Overlay{Revision: set.Revision, Document: set.Document().Revision, InEffect: a.source.Overlay()}
	for _, l := range a.source.LeftOut() {
		out.LeftOut = append(out.LeftOut, l.Describe())
	}
	return out, nil
}

func (a api) lay(call *console.Call) (any, error) {
	var body Laying
	if err := call.Decode(&body); err != nil {
		return nil, err
	}
	p := source.Proposal{Author: body.Author, Reason: body.Reason, Expect: body.Expect}
	if err := complete(call, &p, body.subject()); err != nil {
		return nil, err
	}
	last, err := time.ParseDuration(cmp.Or(body.For, "0s"))
	if err != nil || body.For != "" && last <= 0 {
		return nil, console.BadRequest.New("for must be a duration above 0, such as 1h30m, is %q", body.For)
	}
	before := a.source.Current()
	c, err := a.source.Lay(source.Laying{
		Weights: body.Weights, Clear: body.Clear, Drain: body.Drain, Undrain: body.Undrain, For: last, Author: p.Author, Reason: p.Reason, Expect: p.Expect,
	})
	return a.changed(call, before, c, p.Expect, err)
}

// EntryDiff is what a policy would do to an entry that lies over the one in effect.
type EntryDiff struct {
	Entry  string `json:"entry"`  // in words
	Before State  `json:"before"` // over the document in effect
	After  State  `json:"after"`  // over the other
	Reason string `json:"reason,omitempty"`
}

// State says whether an entry acts.
type State string

// The values of State.
const (
	InEffect State = "in_effect"
	LeftOut  State = "left_out" // the document has no place for it
)

// compareOverlay says what becomes of what lies over a document under another one.
func compareOverlay(all policy.Overlay, from, to *policy.Set) (out []EntryDiff) {
	_, before := from.Under(all)
	_, after := to.Under(all)
	for _, e := range all.Entries() {
		d := EntryDiff{Entry: policy.Describe(e), Before: InEffect, After: InEffect}
		if leftOut(before, e) != nil {
			d.Before = LeftOut
		}
		if l := leftOut(after, e); l != nil {
			d.After, d.Reason = LeftOut, l.Reason()
		}
		out = append(out, d)
	}
	return out
}

func leftOut(all []policy.LeftOut, e policy.Entry) *policy.LeftOut {
	for i, l := range all {
		if l.Entry.Place() == e.Place() && policy.KindOf(l.Entry) == policy.KindOf(e) {
			return &all[i]
		}
	}
	return nil
}
