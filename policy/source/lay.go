package source

import (
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
)

// Laying is a change of what lies over the document, which somebody asks for.
type Laying struct {
	Weights []LinkWeights // laid; they replace those that lie over the same link
	Clear   []Target      // weights taken back
	Drain   []Drain       // taken out of chains
	Undrain []Drain       // put into them again
	Author  string
	Reason  string
	Expect  string        // the revision that must be in effect; empty: any
	For     time.Duration // after which what is laid is taken back; 0: it stays until somebody does
}

// Target names links of a model.
type Target struct {
	Model string `json:"model"`
	Link  *int   `json:"link,omitempty"` // index in the chain; nil: the one that is meant, or all
}

// LinkWeights are weights for the uses of one link: of the only one that has all of
// these uses, if none is named.
type LinkWeights struct {
	Target
	Uses map[string]uint32 `json:"uses"` // by backend/model; 0 takes the use out of the link
}

// OverlayError says why something cannot be laid over the document in effect, or not be
// taken back.
type OverlayError struct{ Faults *policy.Faults }

// Error returns one fault per line.
func (e *OverlayError) Error() string { return e.Faults.Error() }

// Unwrap returns the faults.
func (e *OverlayError) Unwrap() error { return e.Faults }

// Lay lays something over the document in effect, or takes it back, and returns the
// change. What the document has no place for is an *OverlayError with every fault; else
// it is judged as a Push, and as the change of a policy it survives a restart and is seen
// by all who share the history.
func (s *Source) Lay(l Laying) (Change, error) {
	p := Proposal{Author: l.Author, Reason: l.Reason, Expect: l.Expect}
	if err := p.complete(); err != nil {
		return Change{}, err
	}
	switch {
	case len(l.Weights)+len(l.Clear)+len(l.Drain)+len(l.Undrain) == 0:
		return Change{}, fmt.Errorf("%w: it lays nothing and takes nothing back", ErrIncomplete)
	case l.For < 0:
		return Change{}, fmt.Errorf("%w: it must lay something for more than no time, is %s", ErrIncomplete, l.For)
	}
	return s.propose(p, func(newest Change) (Change, error) {
		set, _, err := newest.compile()
		if err != nil {
			return Change{}, err
		}
		over, err := l.over(set.Document(), newest.Overlay, s.options.Now().UTC().Round(0))
		return Change{Origin: FromOverlay, Files: newest.Files, Overlay: over}, err
	})
}

// over returns what lies over a document after this change.
func (l Laying) over(document *policy.Set, before policy.Overlay, now time.Time) (policy.Overlay, error) {
	more, faults := l.laid(document, now)
	left, missing := l.left(before)
	left, whole := l.undrained(left)
	if faults = slices.Concat(faults, missing, whole); faults != nil {
		return policy.Overlay{}, &OverlayError{&policy.Faults{Faults: faults}}
	}
	return left.With(more), nil
}

// laid is what is laid over a document.
func (l Laying) laid(document *policy.Set, now time.Time) (more policy.Overlay, faults []policy.Fault) {
	laid := policy.Laid{Author: l.Author, Reason: l.Reason, Since: now}
	if l.For > 0 {
		laid.Expiry = now.Add(l.For)
	}
	for _, w := range l.Weights {
		link, fault := w.link(document)
		if fault != nil {
			faults = append(faults, *fault)
			continue
		}
		more.Weights = append(more.Weights, policy.Weights{Model: w.Model, Link: link, Uses: w.Uses, Laid: laid})
	}
	for _, d := range l.Drain {
		more.Drained = append(more.Drained, d.entry(laid))
	}
	return more, append(faults, more.Faults(document)...)
}

// left is what an overlay is without the weights that are taken back.
func (l Laying) left(o policy.Overlay) (left policy.Overlay, faults []policy.Fault) {
	for _, t := range l.Clear {
		before := len(o.Weights)
		o.Weights = slices.DeleteFunc(slices.Clone(o.Weights), t.has)
		if len(o.Weights) == before {
			faults = append(faults, policy.Fault{Path: (&policy.Model{Name: t.Model}).Path(), Message: "no weights are laid over it"})
		}
	}
	return o, faults
}

// has reports whether weights are laid over a link that the target names.
func (t Target) has(w policy.Weights) bool {
	return w.Model == t.Model && (t.Link == nil || *t.Link == w.Link)
}

// link finds the link that is meant. One that is not there is a fault of the entry.
func (w LinkWeights) link(document *policy.Set) (int, *policy.Fault) {
	m := document.Models[w.Model]
	if w.Link != nil {
		return *w.Link, nil
	}
	if m == nil || len(m.Chain) == 1 {
		return 0, nil
	}
	return m.LinkOf(w.Uses)
}
