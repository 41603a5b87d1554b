package policy

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/wildcard"
)

// Unpriced says what happens to a model without a price. It is never free.
type Unpriced string

// The values of Unpriced.
const (
	UnpricedRefuse Unpriced = "refuse" // the document is invalid
	UnpricedFlag   Unpriced = "flag"   // served; the record carries no cost and says so; counted
)

var pricesSection = section{
	fields: []strict.Member[document]{
		strict.Bind("prices", func(d *document) *map[string]*[]price.Price { return &d.prices }, strict.Map(priceName, modelRule, priceRows).Except(anyStar, priceEachModel)).
			Doc("Prices that are not in the built-in catalogue or differ from it, by model, or by backend/model for one backend only. Such a price replaces all of the built-in one, its long-context price and those of service tiers included; a tier changes it by the rule that the provider has for all of its models. Several prices of one model form a list and differ in valid_from.").
			Example(`prices: {my-model: {input: 0.25, output: 2}}`),
		strict.Bind("unpriced", func(d *document) *Unpriced { return &d.Unpriced }, strict.Enum(UnpricedRefuse, UnpricedFlag)).Default(UnpricedRefuse).
			Doc("What to do about a model without a price at its provider. With refuse it is a fault of the policy, and what a wildcard has no price of is answered 404; with flag it is served, and costs what its provider says that it charges; if it says nothing, its records say that the cost is not known.").
			Example(`unpriced: flag`),
	},
	check: func(c *compiler) {
		c.overridePrices()
		c.checkPrices()
	},
}

var priceRows = strict.OneOrList(priceRow, strict.List(1, 64, priceRow).Check(func(r *strict.Reader, all []strict.Elem[price.Price]) {
	days := make(map[time.Time]bool)
	for _, e := range all {
		if days[e.Value.ValidFrom] {
			r.Fault(e.At, "", "two prices of one model begin on the same day")
		}
		days[e.Value.ValidFrom] = true
	}
}))

var priceRow = strict.NewObject(
	strict.Bind("input", func(p *price.Price) *price.Pico { return &p.Input }, rate).Required().
		Doc("Input tokens, in USD per million.").Example(`input: 3`),
	strict.Bind("output", func(p *price.Price) *price.Pico { return &p.Output }, rate).Required().
		Doc("Output tokens, reasoning included, in USD per million.").Example(`output: 15`),
	strict.Bind("cache_read", func(p *price.Price) *price.Pico { return &p.CacheRead }, rate).DefaultFrom(likeInput, "as input").
		Doc("Input tokens read from the provider's prompt cache, in USD per million.").Example(`cache_read: 0.30`),
	strict.Bind("cache_write_5m", func(p *price.Price) *price.Pico { return &p.CacheWrite5m }, rate).DefaultFrom(likeInput, "as input").
		Doc("Input tokens written to the prompt cache for five minutes, in USD per million.").Example(`cache_write_5m: 3.75`),
	strict.Bind("cache_write_1h", func(p *price.Price) *price.Pico { return &p.CacheWrite1h }, rate).DefaultFrom(likeInput, "as input").
		Doc("Input tokens written to the prompt cache for one hour, in USD per million.").Example(`cache_write_1h: 6`),
	strict.Bind("audio_input", func(p *price.Price) *price.Pico { return &p.AudioInput }, rate).DefaultFrom(likeInput, "as input").
		Doc("Audio tokens in, in USD per million.").Example(`audio_input: 32`),
	strict.Bind("audio_output", func(p *price.Price) *price.Pico { return &p.AudioOutput }, rate).DefaultFrom(likeOutput, "as output").
		Doc("Audio tokens out, in USD per million.").Example(`audio_output: 64`),
	strict.Bind("valid_from", func(p *price.Price) *time.Time { return &p.ValidFrom }, strict.Date()).Absent("always").
		Doc("First day, in UTC, on which the price holds. One price of a model that the built-in catalogue does not know must have none.").Example(`valid_from: 2026-09-01`),
)

func likeInput(p *price.Price) price.Pico  { return p.Input }
func likeOutput(p *price.Price) price.Pico { return p.Output }

var rate = strict.Decimal("0", strconv.Itoa(price.MaxPerMillion), "a price in USD per million tokens", price.ParsePerMillion, price.Pico.PerMillion)

// priceEachModel says what to write instead of a price for a wildcard.
func priceEachModel(name string) (message, hint string) {
	return strict.Quote(name) + " is a wildcard: each model must be named", "such as prices: {my-model: {input: 0.25, output: 2}}"
}

var priceName = regexp.MustCompile(`^[!#-&(-\[\]-_a-~]{1,192}$`)

// overridePrices puts the document's prices on top of the built-in catalogue.
func (c *compiler) overridePrices() {
	var all []price.Override
	for _, e := range c.Given.Entries("prices") {
		backend, model, ok := c.priced(e.Name, e.Value)
		rows := c.doc.prices[e.Name]
		if !ok || rows == nil {
			continue
		}
		for _, row := range *rows {
			row.ID = "policy:" + e.Name
			if !row.ValidFrom.IsZero() {
				row.ID += "@" + row.ValidFrom.Format(time.DateOnly)
			}
			all = append(all, price.Override{Backend: backend, Model: model, Price: row})
		}
	}
	c.doc.Prices = c.doc.Prices.With(all)
}

// writtenPrices returns the operator's prices of a catalogue as a document has them.
func writtenPrices(catalogue *price.Catalogue) map[string]*[]price.Price {
	all := make(map[string]*[]price.Price)
	for _, o := range catalogue.Overrides() {
		name := o.Model
		if o.Backend != "" {
			name = o.Backend + "/" + o.Model
		}
		if all[name] == nil {
			all[name] = new([]price.Price)
		}
		*all[name] = append(*all[name], o.Price)
	}
	return all
}

// priced returns what a key of prices names. With a slash in it that may be a model
// at a backend, or a model whose name holds one; what could be both is a fault,
// because the wrong guess would bill by the wrong price.
func (c *compiler) priced(name string, at strict.Place) (backend, model string, ok bool) {
	backend, model, slash := split(name)
	if !slash {
		return "", name, true
	}
	use, served := c.served[name]
	switch {
	case c.defined(backend) && model != "" && served:
		c.Fault(at, "write "+strict.Quote(use.backend+"/"+name)+" for the latter", "may be model %s of backend %s or model %s", strict.Quote(model), strict.Quote(backend), strict.Quote(name))
		return "", "", false
	case c.defined(backend) && model != "":
		return backend, model, true
	case !served && !c.mayServe(name):
		if hint := c.Suggest(backend, c.backends); hint != "" {
			c.Fault(at, hint, "backend %s is not defined", strict.Quote(backend))
			return "", "", false
		}
	}
	return "", name, true
}

// mayServe reports whether a wildcard may have a backend asked for a model.
func (c *compiler) mayServe(model string) bool {
	return slices.ContainsFunc(c.uses, func(u placedUse) bool { return wildcard.Match(u.model, model) })
}

// checkPrices reports the uses that have no price, unless the document allows them.
// A price that begins on some day is not enough: before it the use would have none. What a
// wildcard asks for follows from the names that clients ask by: see Set.Priced.
func (c *compiler) checkPrices() {
	if c.how.sent || c.doc.Unpriced != UnpricedRefuse || c.Given.Faulty("unpriced") {
		return
	}
	seen, unread := make(map[[2]string]bool), c.unreadPrices()
	for _, u := range c.uses {
		b := c.doc.Backends[u.backend]
		if b == nil || wildcard.Is(u.model) || unread(u.model) || unread(u.backend+"/"+u.model) || seen[[2]string{u.backend, u.model}] {
			continue
		}
		seen[[2]string{u.backend, u.model}] = true
		if _, ok := c.doc.Prices.Look(b.Provider.Name, b.Name, u.model, time.Time{}); ok {
			continue
		}
		if c.pricedLater(u) {
			c.Fault(u.at, "give its earliest price without valid_from", "model %s has no price before the first valid_from", strict.Quote(u.model))
			continue
		}
		c.Fault(u.at, c.priceHint(b, u.model), "model %s has no price at provider %s", strict.Quote(u.model), b.Provider.Name)
	}
}

// unreadPrices returns what reports whether a name has a price that faults hide.
func (c *compiler) unreadPrices() func(name string) bool {
	entries := c.Given.Entries("prices")
	if len(entries) == 0 {
		hidden := c.Given.Faulty("prices")
		return func(string) bool { return hidden }
	}
	unread := make(map[string]bool)
	for _, e := range entries {
		unread[e.Name] = c.doc.prices[e.Name] == nil
	}
	return func(name string) bool { return unread[name] }
}

func (c *compiler) pricedLater(u placedUse) bool {
	future := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	_, ok := c.doc.Prices.Look(c.doc.Backends[u.backend].Provider.Name, u.backend, u.model, future)
	return ok
}

func (c *compiler) priceHint(b *Backend, model string) string {
	hint := "add it under prices, or say unpriced: flag"
	if meant := c.Suggest(model, c.doc.Prices.Models(b.Provider.Name)); meant != "" {
		hint = meant + " Else " + hint
	}
	return hint
}
