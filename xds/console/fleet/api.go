// Package fleet is the part of the admin API that shows which pairs have which policy.
package fleet

import (
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/store"
)

// Status is what the control plane knows at one moment.
type Status struct {
	Policy  source.Change  `json:"policy"`             // in effect, without its files
	Overlay policy.Overlay `json:"overlay,omitzero"`   // what lies over it and acts
	LeftOut []string       `json:"left_out,omitempty"` // what lies over it and does not, because it has no place for it
	// Undrained are models served by what is drained, because their chains have nothing else.
	Undrained []string          `json:"undrained,omitempty"`
	Refused   *source.Refusal   `json:"refused"` // the latest change that was not taken; null: none since
	Groups    []xds.GroupStatus `json:"groups"`
	Pairs     []xds.PairStatus  `json:"pairs"`
	Store     store.Status      `json:"store"`             // the control plane's database
	Out       []OutOfService    `json:"out,omitempty"`     // what pairs do not ask, or ask last
	Balance   []balance.Status  `json:"balance,omitempty"` // uses that do not keep all of their weight
}

// Seen is what comes of what pairs see.
type Seen struct {
	Out     func() []OutOfService   // what they do not ask; nil: they do not say
	Balance func() []balance.Status // uses that do not keep all of their weight; nil: all do
}

// OutOfService is what pairs do not ask, or ask last.
type OutOfService struct {
	Backend string     `json:"backend"`
	Model   string     `json:"model"`             // at the backend
	Pool    string     `json:"pool,omitempty"`    // the model that clients ask for, of which it is out; empty: of all
	Address string     `json:"address,omitempty"` // that is out; empty: all
	Reason  string     `json:"reason"`
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until,omitempty"` // absent: nobody has said
	Pairs   []string   `json:"pairs,omitempty"` // that have found it out
}

// Policies is the policy in effect, as source.Source.
type Policies interface {
	// Current returns the change that put the policy into effect.
	Current() source.Change
	// LeftOut returns what lies over the policy and does not act.
	LeftOut() []policy.LeftOut
	// Refused returns the latest change that did not take effect; nil: one did since.
	Refused() *source.Refusal
}

// Prefix is what the routes are mounted under.
const Prefix = "status"

// Routes shows a policy and what became of it at the pairs, and the database, and what
// pairs see.
func Routes(policies Policies, pairs func() xds.Status, database func() store.Status, seen Seen) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{policy, overlay, left_out, undrained, refused, groups, pairs, store, out, balance}`; `store` is the control plane's database, whose `trouble` is why it cannot be used; `out` is what pairs do not ask, because of a limit, an ejection or a check, and which have found that out; `balance` is what part of its weight a use keeps that does worse than others of its link (`balance: health`), and why; a pair's `trouble` is why it does not serve, for example that its Envoy is gone",
		Handle: func(*console.Call) (any, error) {
			s, current := pairs(), policies.Current()
			current.Files = nil
			var left []string
			for _, l := range policies.LeftOut() {
				left = append(left, l.Describe())
			}
			all := Status{Policy: current, Overlay: s.Overlay, LeftOut: left, Undrained: s.Undrained, Refused: policies.Refused(),
				Groups: append([]xds.GroupStatus{}, s.Groups...),
				Pairs:  append([]xds.PairStatus{}, s.Pairs...),
				Store:  database(),
			}
			if seen.Out != nil {
				all.Out = seen.Out()
			}
			if seen.Balance != nil {
				all.Balance = seen.Balance()
			}
			return all, nil
		},
	}}
}
