package policy

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/headgate/headgate/policy/policypb"
)

// Wire returns the set as the control plane sends it to pairs. The simulated provider
// answers in the place of the named backends.
func (s *Set) Wire(simulated map[string]bool) *policypb.Policy {
	return &policypb.Policy{
		Revision: s.Revision, Shape: s.Shape, Document: s.Canonical(),
		Simulated: slices.Sorted(maps.Keys(simulated)),
	}
}

// FromWire reads what Wire wrote, with the simulated provider in its places. It is an
// error where this version of Headgate understands the document differently from the
// one that sent it.
func FromWire(p *policypb.Policy) (*Set, error) {
	// The canonical form writes defaults out, and may be larger than what was read.
	set, err := parse([]File{{Name: "policy", Data: p.GetDocument()}}, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("reading policy revision %s: %w", p.GetRevision(), err)
	}
	if set.Revision != p.GetRevision() || set.Shape != p.GetShape() {
		return nil, fmt.Errorf("policy revision %s is read as %s here: the control plane is of another version", p.GetRevision(), set.Revision)
	}
	simulated := make(map[string]bool, len(p.GetSimulated()))
	for _, name := range p.GetSimulated() {
		simulated[name] = true
	}
	return set.Simulated(simulated), nil
}
