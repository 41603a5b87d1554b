package policy

import (
	"github.com/headgate/headgate/policy/strict"
	"go.yaml.in/yaml/v3"
)

// model reads one model, in short or in full.
func (c *compiler) model(name string, p strict.Place) {
	full := modelType.Option(strict.Object)
	if p.Node.Kind == yaml.ScalarNode && p.Node.ShortTag() != "!!null" {
		m := c.settings(name, &strict.Given{Of: full})
		if use, ok := c.use(p); ok {
			m.Chain = []Link{{Uses: []Use{use}}}
		}
		c.set.Models[name] = m
		return
	}
	o, ok := c.Object(p, full)
	if !ok {
		return
	}
	m := c.settings(name, o)
	if at, ok := o.Get("chain"); ok {
		m.Chain = c.chain(at, full.Field("chain").Type)
		if n := m.Orders(); n > MaxOrders {
			c.Fault(at, "split fewer of its links", "the uses of its links can be gone through in %d orders, more than %d", n, MaxOrders)
		}
	}
	if at, ok := o.Get("nearest"); ok && m.Nearest && !m.hasRegions() {
		c.Fault(at, "give the backends of a link with several uses a region each", "has no effect: no link has uses in several regions")
	}
	c.set.Models[name] = m
}

// hasRegions tells whether a link has uses in several regions.
func (m *Model) hasRegions() bool {
	for _, l := range m.Chain {
		for _, u := range l.Uses {
			if u.Backend != nil && l.Uses[0].Backend != nil && u.Backend.Region != l.Uses[0].Backend.Region {
				return true
			}
		}
	}
	return false
}

// settings reads what a model says beside its chain. An object without values
// gives the defaults.
func (c *compiler) settings(name string, o *strict.Given) *Model {
	m := &Model{
		Name: name, Retries: o.Whole("retries"), Unfit: Unfit(o.Text("unfit")),
		Timeout: o.Duration("timeout"), IdleTimeout: o.Duration("idle_timeout"), Nearest: o.Flag("nearest"),
	}
	b := &strict.Given{Of: breakerType}
	if given, ok := c.within(o, "breaker"); ok {
		b = given
	}
	m.Breaker = Breaker{
		Connections: uint32(b.Whole("connections")), Pending: uint32(b.Whole("pending")), Requests: uint32(b.Whole("requests")),
	}
	if h, ok := c.within(o, "health"); ok {
		m.Health = Health{Interval: h.Duration("interval")}
	}
	return m
}

// within reads the object that a key of another one holds, where it is given.
func (c *compiler) within(o *strict.Given, key string) (*strict.Given, bool) {
	p, ok := o.Get(key)
	if !ok {
		return nil, false
	}
	return c.Object(p, o.Of.Field(key).Type)
}

func (c *compiler) chain(p strict.Place, t *strict.Type) []Link {
	places, ok := c.Elements(p, t, "a list of links, such as [openai/gpt-5.5]")
	if !ok {
		return nil
	}
	var chain []Link
	for _, at := range places {
		if !c.Plain(at) {
			continue
		}
		if at.Node.Kind == yaml.SequenceNode {
			chain = append(chain, c.link(at))
			continue
		}
		if at.Node.Kind == yaml.MappingNode {
			c.Fault(at, "put it into a list: [{use: ...}]", "must be backend/model, or a list of {use, weight}")
			continue
		}
		if use, ok := c.use(at); ok {
			chain = append(chain, Link{Uses: []Use{use}})
		}
	}
	return chain
}

// link reads a link of several uses with weights.
func (c *compiler) link(p strict.Place) Link {
	t := linkType.Option(strict.List)
	places, _ := c.Elements(p, t, "a list")
	var link Link
	seen := make(map[string]int)
	for i, at := range places {
		if !c.Plain(at) {
			continue
		}
		if at.Node.Kind == yaml.ScalarNode {
			c.Fault(at, "write {use: backend/model, weight: 1}", "must be an object, is %s", strict.Form(at.Node))
			continue
		}
		o, ok := c.Object(at, t.Elem)
		if !ok {
			continue
		}
		weight := o.Whole("weight")
		to, ok := o.Get("use")
		if !ok {
			continue
		}
		if first, twice := seen[to.Node.Value]; twice {
			c.Fault(to, "add the weights up", "%s is already in this link, at [%d]", strict.Quote(to.Node.Value), first)
			continue
		}
		seen[to.Node.Value] = i
		if use, ok := c.use(to); ok {
			use.Weight = uint32(weight)
			link.Uses = append(link.Uses, use)
		}
	}
	return link
}

// use reads backend/model and finds the backend.
func (c *compiler) use(p strict.Place) (Use, bool) {
	text, ok := c.Text(p, useText)
	if !ok {
		return Use{}, false
	}
	backend, model, _ := split(text)
	if !c.defined(backend) {
		c.Fault(p, c.near(backend), "backend %s is not defined", strict.Quote(backend))
		return Use{}, false
	}
	use := placedUse{backend, model, p}
	c.uses = append(c.uses, use)
	if _, ok := c.served[model]; !ok {
		c.served[model] = use
	}
	return Use{Backend: c.set.Backends[backend], Model: model, Weight: defaultWeight}, true
}

// Path returns where the model stands in its document, such as models.assistant.
func (m *Model) Path() string { return strict.Join("models", m.Name) }
