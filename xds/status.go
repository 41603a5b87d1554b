package xds

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// Status is what the control plane knows of its fleet at one moment.
type Status struct {
	Overlay policy.Overlay `json:"overlay,omitzero"` // over the policy that was published last
	// Undrained are models served by what is drained, because their chains have nothing else.
	Undrained []string      `json:"undrained,omitempty"`
	Groups    []GroupStatus `json:"groups"`
	Pairs     []PairStatus  `json:"pairs"`
}

// GroupStatus is one node group: pairs that are served the same snapshot.
type GroupStatus struct {
	Cluster  string   `json:"cluster"`
	Region   string   `json:"region,omitempty"`
	Revision string   `json:"revision"`            // the group's target
	LastGood string   `json:"last_good,omitempty"` // the last one of which a pair has accepted everything
	Refused  *Refusal `json:"refused,omitempty"`   // why the group is not served what was published last; nil: it is
}

// PairStatus is one connected pair.
type PairStatus struct {
	Node      string    `json:"node"`
	Cluster   string    `json:"cluster"`
	Region    string    `json:"region,omitempty"`
	Connected time.Time `json:"connected"`
	Revision  string    `json:"revision,omitempty"` // of which it has accepted everything; empty: none yet
	Trouble   string    `json:"trouble,omitempty"`  // why it does not serve although it has a policy, or what else is wrong with it, in its own words
	Serves    bool      `json:"serves,omitempty"`   // although it is in trouble
	Refused   *Refusal  `json:"refused,omitempty"`  // its refusal of a release; it stays until the pair is given a later one
}

// Refusal is a NACK: what a pair refused, and why.
type Refusal struct {
	Node     string    `json:"node"`
	Type     string    `json:"type"` // "policy", "cluster", "listener", "route" or "other"
	Revision string    `json:"revision"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// Error says what was refused in the client's own words.
func (r *Refusal) Error() string {
	if r.Type == "policy" {
		return fmt.Sprintf("pair %s refused the policy: %s", r.Node, r.Reason)
	}
	return fmt.Sprintf("Envoy %s refused a %s: %s", r.Node, r.Type, r.Reason)
}

// Status returns what is known of the fleet now, sorted by name.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := Status{Groups: []GroupStatus{}, Pairs: []PairStatus{}}
	if s.latest != nil {
		all.Overlay, all.Undrained = s.latest.policy.Overlay, s.latest.policy.Undrained()
	}
	for _, g := range s.groups {
		all.Groups = append(all.Groups, GroupStatus{
			Cluster: g.key.cluster, Region: g.key.region, Revision: g.target.name(), LastGood: g.good.name(), Refused: g.refused,
		})
	}
	for _, m := range s.members {
		trouble := policypb.TroubleOf(m.client.Node.GetMetadata())
		all.Pairs = append(all.Pairs, PairStatus{
			Node: m.client.Node.GetId(), Cluster: m.group.key.cluster, Region: m.group.key.region,
			Connected: m.client.Opened, Revision: m.accepted, Refused: m.refused,
			Trouble: trouble.GetReason(), Serves: trouble.GetServes(),
		})
	}
	slices.SortFunc(all.Groups, func(a, b GroupStatus) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Region, b.Region))
	})
	slices.SortFunc(all.Pairs, func(a, b PairStatus) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), a.Connected.Compare(b.Connected))
	})
	return all
}

// name is the release's revision; empty if there is none.
func (r *release) name() string {
	if r == nil {
		return ""
	}
	return r.revision
}
