package xds

import "time"

// Status is what the control plane knows of its fleet at one moment.
type Status struct {
	Groups []GroupStatus `json:"groups"`
	Pairs  []PairStatus  `json:"pairs"`
}

// GroupStatus is one node group: pairs that are served the same snapshot.
type GroupStatus struct {
	Cluster  string   `json:"cluster"`
	Region   string   `json:"region,omitempty"`
	Revision string   `json:"revision"`            // that the group is served
	LastGood string   `json:"last_good,omitempty"` // the last one that a pair has taken whole
	Refused  *Refusal `json:"refused,omitempty"`   // why the group went back; nil: it did not
}

// PairStatus is one connected pair.
type PairStatus struct {
	Node      string    `json:"node"`
	Cluster   string    `json:"cluster"`
	Region    string    `json:"region,omitempty"`
	Connected time.Time `json:"connected"`
	Revision  string    `json:"revision,omitempty"` // that it has taken whole; empty: none yet
	Refused   *Refusal  `json:"refused,omitempty"`  // its latest refusal that no success followed
}

// Refusal is a NACK: what a pair would not take, and why.
type Refusal struct {
	Node     string    `json:"node"`
	Type     string    `json:"type"` // "policy", "cluster", "listener", "route" or "other"
	Revision string    `json:"revision"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}
