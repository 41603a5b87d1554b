package price

import "slices"

// Row is a price as it is listed: the usual one, or that of a way of being served.
type Row struct {
	Provider string
	Model    string
	As       string // the provider's words for the way, with spaces between them; empty: the usual one
	Price    Price
	Listed   string // the day of the source
	Source   string
	Note     string // what a source lists otherwise, and which was taken; empty: nothing
}

// Rows returns the built-in rows that Look reads for a model, of each provider, in the order of the
// catalogue: the usual prices first, those of other ways after them. The caller owns the slice.
func (c *Catalogue) Rows(model string) []Row {
	var all []Row
	for _, r := range c.rows {
		if c.names(&r, model) {
			all = append(all, r)
		}
	}
	return slices.Clip(all)
}

// names reports whether Look reads a row for a model.
func (c *Catalogue) names(r *Row, model string) bool {
	of := key{r.Provider, model}
	switch {
	case c.exact[of] != nil:
		return r.Model == model
	case c.alias[of] != nil:
		return sameModel(c.alias[of], c.exact[key{r.Provider, r.Model}])
	}
	return r.Model == undated(model)
}

// sameModel reports whether two lists of prices are one list.
func sameModel(a, b []Price) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }
