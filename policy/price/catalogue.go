package price

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Simulated is the provider whose models cost what the model of that name costs
// at a real provider, so that a simulated answer is priced as the real one.
const Simulated = "simulated"

// Catalogue finds prices by provider, model and date. It is immutable: With makes
// a new one.
type Catalogue struct {
	exact     map[key][]Price // rows by the name that their source lists
	alias     map[key][]Price // the same rows by other names of the same snapshot
	overrides map[key][]Price // by backend ("" for any) and model
	given     []Override      // what overrides was made of, in order
	rows      []Row           // what exact was made of, in order
}

// key is a provider and a model, or in overrides a backend and a model. Every
// value in a map of these is sorted by ValidFrom.
type key struct{ owner, model string }

// Override is a price that an operator sets over the built-in one.
type Override struct {
	Backend string // empty: at every backend
	Model   string
	Price   Price
}

// Look returns what a model costs at a moment, or false if no row names it.
//
// The operator's prices come first: for the backend, then for the model; then
// the built-in row of the provider. A dated snapshot (gpt-5-nano-2025-08-07) costs
// what the listed model (gpt-5-nano) costs unless it is listed itself; an undated
// name costs what its only listed snapshot costs. A snapshot is never priced by
// another snapshot. Look does not allocate.
func (c *Catalogue) Look(provider, backend, model string, at time.Time) (Price, bool) {
	base := undated(model)
	if len(c.overrides) > 0 {
		if p := c.override(backend, model, base, at); p != nil {
			return *p, true
		}
	}
	if p := c.listed(provider, model, base, at); p != nil {
		return *p.at(at), true
	}
	return Price{}, false
}

// listed looks for the built-in row.
func (c *Catalogue) listed(provider, model, base string, at time.Time) *Price {
	if p := newest(c.exact[key{provider, model}], at); p != nil {
		return p
	}
	if p := newest(c.alias[key{provider, model}], at); p != nil || base == model {
		return p
	}
	return newest(c.exact[key{provider, base}], at)
}

// Override returns the price that the operator set for a model, at the backend or at
// any, or false if there is none.
func (c *Catalogue) Override(backend, model string, at time.Time) (Price, bool) {
	if len(c.overrides) > 0 {
		if p := c.override(backend, model, undated(model), at); p != nil {
			return *p, true
		}
	}
	return Price{}, false
}

// override looks for the operator's price. A snapshot's base name counts before
// the built-in rows: who overrides gpt-5.5 means the snapshot that serves it, too.
func (c *Catalogue) override(backend, model, base string, at time.Time) *Price {
	for _, k := range [...]key{{backend, model}, {"", model}, {backend, base}, {"", base}} {
		if p := newest(c.overrides[k], at); p != nil {
			return p
		}
	}
	return nil
}

// newest returns the last row that is in force at a moment.
func newest(rows []Price, at time.Time) *Price {
	for i := len(rows) - 1; i >= 0; i-- {
		if !rows[i].ValidFrom.After(at) {
			return &rows[i]
		}
	}
	return nil
}

// With returns a catalogue with these prices on top of c's. Of two for the same
// backend, model and ValidFrom the later one wins.
func (c *Catalogue) With(overrides []Override) *Catalogue {
	next := &Catalogue{exact: c.exact, alias: c.alias, rows: c.rows, overrides: make(map[key][]Price)}
	next.given = slices.Concat(c.given, overrides)
	for _, o := range next.given {
		k := key{o.Backend, o.Model}
		rows := slices.DeleteFunc(next.overrides[k], func(p Price) bool { return p.ValidFrom.Equal(o.Price.ValidFrom) })
		next.overrides[k] = insert(rows, o.Price)
	}
	return next
}

// Overrides returns the operator's prices in a fixed order: by backend, model and
// ValidFrom. The caller owns the slice.
func (c *Catalogue) Overrides() []Override {
	var all []Override
	for k, rows := range c.overrides {
		for _, p := range rows {
			all = append(all, Override{Backend: k.owner, Model: k.model, Price: p})
		}
	}
	slices.SortFunc(all, func(a, b Override) int {
		return cmp.Or(cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Model, b.Model), a.Price.ValidFrom.Compare(b.Price.ValidFrom))
	})
	return all
}

// Models returns the names that the built-in catalogue lists for a provider,
// sorted, so that a misspelled one can be answered with the nearest.
func (c *Catalogue) Models(provider string) []string {
	var names []string
	for k := range maps.Keys(c.exact) {
		if k.owner == provider {
			names = append(names, k.model)
		}
	}
	slices.Sort(names)
	return names
}

// insert adds a price, keeping the rows sorted by ValidFrom.
func insert(rows []Price, p Price) []Price {
	i, _ := slices.BinarySearchFunc(rows, p.ValidFrom, func(r Price, t time.Time) int { return r.ValidFrom.Compare(t) })
	return slices.Insert(rows, i, p)
}
