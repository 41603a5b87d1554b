package policy

import (
	"fmt"
	"maps"
	"slices"
)

// Document returns the set without what lies over it.
func (s *Set) Document() *Set {
	if s.document == nil {
		return s
	}
	return s.document
}

// Under returns the set in effect with an overlay over the document of s, in the place
// of what lies over it already, and the entries that are left out because the document
// does not have what they name. Neither s nor its document is changed. What is in effect
// could be a document itself: Canonical gives a form of it that any version reads.
//
// The revision of the set in effect is its own, but its document's if only simulated
// backends lie over that: which these are depends on the environment of a process, and a
// document is to have one revision in all of them. The shape is its own if Envoy's routes
// differ from those of the document.
func (s *Set) Under(o Overlay) (*Set, []LeftOut) {
	document := s.Document()
	fitting, left := o.fitted(document)
	if fitting.IsZero() {
		return document, left
	}
	out := *document
	out.document, out.Overlay = document, fitting
	out.Backends, out.Models = maps.Clone(document.Backends), document.models(document.Backends)
	for _, e := range fitting.Entries() {
		e.lay(&out)
	}
	out.drain(fitting.Drained)
	out.Models = out.models(out.Backends)
	out.noteClasses()
	out.name(fitting)
	return &out, left
}

// models returns the models with their uses pointing at these versions of the backends.
func (s *Set) models(backends map[string]*Backend) map[string]*Model {
	all := make(map[string]*Model, len(s.Models))
	for name, m := range s.Models {
		all[name] = m.with(backends)
	}
	return all
}

// name gives a set its revision and its shape, which are its document's before.
func (s *Set) name(o Overlay) {
	if chosen := o.chosen(); !chosen.IsZero() {
		s.Revision = digest(append([]byte(s.Revision), chosen.stored()...))
		s.Shape = s.shapeWith(digest(s.chosen().routed().Canonical()))
	}
	if len(o.Simulated) > 0 {
		s.Shape = digest(fmt.Append([]byte(s.Shape), o.simulated()))
	}
}

// chosen returns the entries that somebody has decided on. The others follow from the
// environment of the process that serves the policy.
func (o Overlay) chosen() Overlay {
	return o.only(func(e Entry) bool { return e.kind() != Simulated{}.kind() })
}

// chosen returns the set without what its process's environment adds.
func (s *Set) chosen() *Set {
	if len(s.Overlay.Simulated) == 0 {
		return s
	}
	out, _ := s.Under(s.Overlay.chosen())
	return out
}

// LeftOut is an entry that does not act, because the document that it was laid over has
// changed since.
type LeftOut struct {
	Entry  Entry
	Faults []Fault // what the document lacks
}

// Describe says in one line which entry does not act, and why.
func (l LeftOut) Describe() string {
	return Describe(l.Entry) + " (left out: " + l.Reason() + ")"
}

// Reason says what the document lacks. Hints are for whoever writes an entry.
func (l LeftOut) Reason() string {
	return l.Faults[0].Path + ": " + l.Faults[0].Message
}

// fitted returns the entries that can act on a document, and the others.
func (o Overlay) fitted(document *Set) (fitting Overlay, left []LeftOut) {
	met := make(map[[2]string]bool)
	fitting = o.only(func(e Entry) bool {
		faults, key := e.faults(document), [2]string{e.kind(), e.Place()}
		if met[key] {
			faults = append(faults, Fault{Path: e.Place(), Message: "is in the overlay twice"})
		}
		met[key] = true
		if len(faults) > 0 {
			left = append(left, LeftOut{e, faults})
		}
		return len(faults) == 0
	})
	fitting.unknown = ""
	return fitting, left
}

// Faults returns every reason why an entry of the overlay could not act on the document
// of a set. Whoever lays an overlay asks this first.
func (o Overlay) Faults(s *Set) (all []Fault) {
	_, left := o.fitted(s.Document())
	for _, l := range left {
		all = append(all, l.Faults...)
	}
	return all
}

// with returns the model with its uses pointing at other versions of its backends.
func (m *Model) with(backends map[string]*Backend) *Model {
	out := *m
	out.Chain = make([]Link, len(m.Chain))
	for i, link := range m.Chain {
		out.Chain[i].Uses = slices.Clone(link.Uses)
		for j, use := range link.Uses {
			out.Chain[i].Uses[j].Backend = backends[use.Backend.Name]
		}
	}
	return &out
}
