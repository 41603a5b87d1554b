package exchange

import (
	"slices"

	"github.com/headgate/headgate/policy/wildcard"
)

// Caller is who asks, as a key or a certificate proves it, or a trusted hop says it. The zero
// Caller is somebody of whom nothing is known.
type Caller struct {
	Name   string   // of the key, in the policy or in the control plane; empty: anonymous
	User   string   // to whom everything is charged; empty: whom the request names
	Team   string   // likewise
	Tier   string   // empty: none
	Models []string // that it may ask for, sorted: models of the policy, names that they answer, and wildcards; nil: all
	Tags   []string
	Quota  Quota // beside its tier's
	Hop    bool  // a hop says so: it is nobody who has a key, even of the same name
}

// May reports whether the caller may ask for a model of the policy by a name that it answers.
func (c *Caller) May(model, name string) bool {
	if c.Models == nil {
		return true
	}
	if _, ok := slices.BinarySearch(c.Models, model); ok {
		return true
	}
	if _, ok := slices.BinarySearch(c.Models, name); ok {
		return true
	}
	return slices.ContainsFunc(c.Models, func(granted string) bool { return wildcard.Match(granted, name) })
}

// Sees returns those of a list of models that the caller may ask for.
func (c *Caller) Sees(models []ListedModel) []ListedModel {
	if c.Models == nil {
		return models
	}
	return slices.DeleteFunc(slices.Clone(models), func(m ListedModel) bool { return !c.May(m.Model, m.Name) })
}

// Quota bounds what a caller may consume; 0: no bound.
type Quota struct {
	RPM, TPM         int64
	PerDay, PerMonth int64 // nano-USD
	Shadow           bool  // only counted
}
