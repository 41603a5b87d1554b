// Package catalogue lists what models take, by provider and name, as package price lists
// what they cost.
//
// The promise: a model takes what a row says that names it, and of others nothing is
// known. The trap: a row changes what is sent, so each has a source and a date, and what
// could not be verified stays empty.
package catalogue

import (
	"cmp"
	"maps"
	"slices"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/trait"
)

// Catalogue finds what a model takes by its provider and name. It is immutable: With
// makes a new one.
type Catalogue struct {
	rows  map[key]Row
	alias map[key]Row // the same rows by other names of the same snapshot
	given []Override
}

// key is a provider and a model, or of overrides a backend and a model.
type key struct{ owner, model string }

// Row is what the catalogue says of one model, and who says so.
type Row struct {
	Provider, Model string
	Set             trait.Set
	Date            string // of the newest of the sources
	Source          string
}

// Override says of a model, at a backend or at any, what it takes.
type Override struct {
	Backend string // empty: at every backend
	Model   string
	Like    string    // a model of the catalogue that it is like; empty: of its own name
	Set     trait.Set // what it takes nevertheless, as far as it says something
}

// Look returns what a model takes at a backend. Of a name that nobody has listed it is
// the zero Set.
//
// The operator's words come first: for the backend, then for the model; they change what
// is known of the model that it is said to be like. A dated snapshot takes what the
// listed model takes unless it is listed itself, an undated name what its only listed
// snapshot takes, and a snapshot never what another snapshot takes.
func (c *Catalogue) Look(provider, backend, model string) trait.Set {
	o := c.override(backend, model)
	if o == nil {
		return c.look(provider, model)
	}
	set := c.look(provider, model)
	if o.Like != "" {
		set = c.look(price.Simulated, o.Like)
	}
	return set.Under(o.Set)
}

// override returns the operator's words, or nil.
func (c *Catalogue) override(backend, model string) *Override {
	for _, want := range [...]key{{backend, model}, {"", model}} {
		for i := range c.given {
			if o := &c.given[i]; o.Backend == want.owner && o.Model == want.model {
				return o
			}
		}
	}
	return nil
}

func (c *Catalogue) look(provider, model string) trait.Set {
	if r, ok := c.rows[key{provider, model}]; ok {
		return r.Set
	}
	if r, ok := c.alias[key{provider, model}]; ok {
		return r.Set
	}
	return c.rows[key{provider, price.Undated(model)}].Set
}

// Knows reports whether the catalogue lists a model at any provider.
func (c *Catalogue) Knows(model string) bool { return c.look(price.Simulated, model) != (trait.Set{}) }

// With returns the catalogue with an operator's words in the place of c's.
func (c *Catalogue) With(overrides []Override) *Catalogue {
	return &Catalogue{rows: c.rows, alias: c.alias, given: overrides}
}

// Overrides returns the operator's words. The caller must not change them.
func (c *Catalogue) Overrides() []Override { return c.given }

// Rows returns what is listed, sorted by provider and model.
func (c *Catalogue) Rows() []Row {
	all := slices.Collect(maps.Values(c.rows))
	all = slices.DeleteFunc(all, func(r Row) bool { return r.Provider == price.Simulated })
	slices.SortFunc(all, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Model, b.Model))
	})
	return all
}

// Models returns the names that are listed, of all providers, sorted.
func (c *Catalogue) Models() []string {
	var names []string
	for k := range c.rows {
		if k.owner == price.Simulated {
			names = append(names, k.model)
		}
	}
	slices.Sort(names)
	return names
}
