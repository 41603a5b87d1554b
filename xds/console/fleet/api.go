// Package fleet is the part of the admin API that shows which pairs have which policy.
package fleet

import (
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
)

// Status is what the control plane knows at one moment.
type Status struct {
	Policy  source.Change     `json:"policy"`  // in effect, without its files
	Refused *source.Refusal   `json:"refused"` // the latest change that was not taken; null: none since
	Groups  []xds.GroupStatus `json:"groups"`
	Pairs   []xds.PairStatus  `json:"pairs"`
}

// Policies is the policy in effect, as source.Source.
type Policies interface {
	// Current returns the change that put the policy into effect.
	Current() source.Change
	// Refused returns the latest change that did not take effect; nil: one did since.
	Refused() *source.Refusal
}

// Prefix is what the routes are mounted under.
const Prefix = "status"

// Routes shows a policy and what became of it at the pairs.
func Routes(policies Policies, pairs func() xds.Status) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{policy, refused, groups, pairs}`; a pair's `trouble` is why it does not serve, for example that its Envoy is gone",
		Handle: func(*console.Call) (any, error) {
			s, current := pairs(), policies.Current()
			current.Files = nil
			return Status{Policy: current, Refused: policies.Refused(),
				Groups: append([]xds.GroupStatus{}, s.Groups...),
				Pairs:  append([]xds.PairStatus{}, s.Pairs...),
			}, nil
		},
	}}
}
