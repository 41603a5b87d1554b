package policy

import (
	"slices"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
	"go.yaml.in/yaml/v3"
)

// prices puts the document's prices on top of the built-in catalogue.
func (c *compiler) prices(o *strict.Given) {
	var all []price.Override
	c.named(o, "prices", func(name string, p strict.Place) {
		backend, model, ok := c.priced(name, p)
		if !ok {
			return
		}
		days := make(map[time.Time]bool)
		for _, at := range c.priceList(p) {
			row, ok := c.price(name, at)
			if !ok {
				continue
			}
			if days[row.ValidFrom] {
				c.Fault(at, "", "two prices of %s begin on the same day", strict.Quote(name))
			}
			days[row.ValidFrom] = true
			all = append(all, price.Override{Backend: backend, Model: model, Price: row})
		}
	})
	c.set.Prices = c.set.Prices.With(all)
}

// priced tells what a key of prices names. With a slash in it that may be a model
// at a backend, or a model whose name holds one; what could be both is a fault,
// because the wrong guess would bill by the wrong price.
func (c *compiler) priced(name string, p strict.Place) (backend, model string, ok bool) {
	backend, model, slash := split(name)
	if !slash {
		return "", name, true
	}
	use, served := c.served[name]
	switch {
	case c.defined(backend) && model != "" && served:
		c.Fault(p, "write "+strict.Quote(use.backend+"/"+name)+" for the latter", "may be model %s of backend %s or model %s", strict.Quote(model), strict.Quote(backend), strict.Quote(name))
		return "", "", false
	case c.defined(backend) && model != "":
		return backend, model, true
	case !served:
		if hint := c.near(backend); hint != "" {
			c.Fault(p, hint, "backend %s is not defined", strict.Quote(backend))
			return "", "", false
		}
	}
	return "", name, true
}

// priceList returns the places of the one or several prices of a model.
func (c *compiler) priceList(p strict.Place) []strict.Place {
	if p.Node.Kind != yaml.SequenceNode {
		return []strict.Place{p}
	}
	places, _ := c.Elements(p, pricesType.Option(strict.List), "a list")
	return slices.DeleteFunc(places, func(at strict.Place) bool { return !c.Plain(at) })
}

func (c *compiler) price(name string, p strict.Place) (price.Price, bool) {
	before := len(c.Faults)
	o, ok := c.Object(p, priceType)
	if !ok {
		return price.Price{}, false
	}
	rate := func(key string) *price.Pico {
		at, given := o.Get(key)
		if !given {
			return nil
		}
		pico, _ := strict.ScalarAt(o.R, at, "a price in USD per million tokens", price.ParsePerMillion)
		return &pico
	}
	var rates price.Rates
	input, output := rate("input"), rate("output")
	rates.CacheRead, rates.CacheWrite5m, rates.CacheWrite1h = rate("cache_read"), rate("cache_write_5m"), rate("cache_write_1h")
	rates.AudioInput, rates.AudioOutput = rate("audio_input"), rate("audio_output")
	var from time.Time
	id := "policy:" + name
	if at, given := o.Get("valid_from"); given {
		from, _ = strict.ScalarAt(o.R, at, "a day, such as 2026-09-01", strict.ParseDate)
		id += "@" + from.Format(time.DateOnly)
	}
	if len(c.Faults) > before || input == nil || output == nil {
		return price.Price{}, false
	}
	rates.Input, rates.Output = *input, *output
	return rates.Price(id, from), true
}

// unpriced reports the uses that have no price, unless the document allows them.
// A price that begins on some day is not enough: before it the use would have none.
func (c *compiler) unpriced() {
	if c.set.Unpriced != UnpricedRefuse {
		return
	}
	seen := make(map[[2]string]bool)
	for _, u := range c.uses {
		b := c.set.Backends[u.backend]
		if b == nil || seen[[2]string{u.backend, u.model}] {
			continue
		}
		seen[[2]string{u.backend, u.model}] = true
		if _, ok := c.set.Prices.Look(b.Provider.Name, b.Name, u.model, time.Time{}); ok {
			continue
		}
		if c.pricedLater(u) {
			c.Fault(u.at, "give its earliest price without valid_from", "model %s has no price before the first valid_from", strict.Quote(u.model))
			continue
		}
		c.Fault(u.at, c.priceHint(b, u.model), "model %s has no price at provider %s", strict.Quote(u.model), b.Provider.Name)
	}
}

func (c *compiler) pricedLater(u placedUse) bool {
	future := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	_, ok := c.set.Prices.Look(c.set.Backends[u.backend].Provider.Name, u.backend, u.model, future)
	return ok
}

func (c *compiler) priceHint(b *Backend, model string) string {
	hint := "add it under prices, or say unpriced: flag"
	if len(c.Faults) > enough {
		return hint
	}
	if near := strict.Meant(model, c.set.Prices.Models(b.Provider.Name)); near != "" {
		hint = near + " Else " + hint
	}
	return hint
}
