package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/headgate/headgate/policy/policypb"
)

// InEffect returns what is in effect as a document that any version can read and serve:
// the overlay, as far as a document can say it, and what keeps models to regions, have
// acted on the chains. The keys by which they did are left out, and those by which only a
// control plane acts: a reader that does not know them would serve something else, or
// nothing.
func (s *Set) InEffect() []byte {
	out := *s.chosen()
	out.Store, out.Journal.Retention = Store{}, defaultJournal.Retention
	out.Models = maps.Clone(out.Models)
	for name, m := range out.Models {
		served := *m
		served.RegionsOnly, served.Health.Probe = nil, ProbeConnect
		out.Models[name] = &served
	}
	return out.Canonical()
}

// Wire returns the set as the control plane sends it to pairs: to serve what is in effect a
// pair needs to know nothing of how it came to be.
func (s *Set) Wire() *policypb.Policy {
	return &policypb.Policy{
		Revision: s.Revision, Shape: s.Shape, Document: s.InEffect(),
		Simulated: s.Overlay.simulated(), Overlay: s.Overlay.wire(s.Document().Revision), Classes: s.wireClasses(),
	}
}

// FromWire reads what Wire wrote, in this version of Headgate or in another. Revision
// and shape are those of the message: they are names that the control plane gives, and
// Envoy's routes hold the shape. What has no price here had one there, and costs an
// unknown amount as with unpriced: flag. The set's document is what is in effect, and its
// overlay says what was laid over the operator's, as far as this version knows it.
//
// It is an error if the document says what this version does not know.
func FromWire(p *policypb.Policy) (*Set, error) {
	if p.GetRevision() == "" || p.GetShape() == "" || !json.Valid(p.GetDocument()) {
		return nil, fmt.Errorf("policy revision %q is damaged", p.GetRevision())
	}
	// The canonical form of a short document may be larger than what was read.
	document, faults := parse([]File{{Name: "policy", Data: p.GetDocument()}}, reading{maxBytes: math.MaxInt, sent: true, accepted: true})
	if len(faults) > 0 {
		return nil, fmt.Errorf("this pair is older than the control plane that sent policy revision %s, and does not understand it: %s",
			p.GetRevision(), notUnderstood(faults))
	}
	var simulated Overlay
	for _, name := range p.GetSimulated() {
		simulated.Simulated = append(simulated.Simulated, Simulated{Backend: name})
	}
	laid, _ := document.Under(simulated)
	set := *laid
	set.takeClasses(p.GetClasses())
	set.Overlay = set.Overlay.With(overlayFromWire(p.GetOverlay()))
	set.Revision, set.Shape = p.GetRevision(), p.GetShape()
	return &set, nil
}

// maxUnknown bounds the faults that the error of FromWire names: one key may stand in
// every model.
const maxUnknown = 3

// notUnderstood says by its path what is not understood. There is no hint, because the
// document is right, and no line, because it has only one.
func notUnderstood(faults []Fault) string {
	var all []string
	for _, f := range faults[:min(len(faults), maxUnknown)] {
		text := f.Message
		if f.Path != "" {
			text = f.Path + ": " + text
		}
		all = append(all, text)
	}
	if more := len(faults) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}
