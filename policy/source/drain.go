package source

import (
	"slices"

	"github.com/headgate/headgate/policy"
)

// Drain names what is taken out of chains: a backend, or a model of it.
type Drain struct {
	Backend string `json:"backend"`
	Use     string `json:"use,omitempty"`   // name of the model at the backend; empty: all of them
	Model   string `json:"model,omitempty"` // of the policy, whose chain is meant; empty: every one
}

// entry is what is laid to drain it.
func (d Drain) entry(laid policy.Laid) policy.Drained {
	return policy.Drained{Backend: d.Backend, Use: d.Use, Model: d.Model, Laid: laid}
}

// undrained is what an overlay is without what is taken back of what people drained.
func (l Laying) undrained(o policy.Overlay) (left policy.Overlay, faults []policy.Fault) {
	for _, d := range l.Undrain {
		place, before := d.entry(policy.Laid{}).Place(), len(o.Drained)
		o.Drained = slices.DeleteFunc(slices.Clone(o.Drained), func(e policy.Drained) bool { return e.Place() == place })
		if len(o.Drained) == before {
			faults = append(faults, policy.Fault{Path: place, Message: "nobody has drained it"})
		}
	}
	return o, faults
}
