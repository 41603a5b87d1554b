package policy

import "go.yaml.in/yaml/v3"

// model reads one model, in short or in full.
func (c *compiler) model(name string, p place) {
	full := modelType.option(Object)
	if p.node.Kind == yaml.ScalarNode && p.node.ShortTag() != "!!null" {
		m := c.settings(name, &object{of: full})
		if use, ok := c.use(p); ok {
			m.Chain = []Link{{Uses: []Use{use}}}
		}
		c.set.Models[name] = m
		return
	}
	o, ok := c.object(p, full)
	if !ok {
		return
	}
	m := c.settings(name, o)
	if at, ok := o.get("chain"); ok {
		m.Chain = c.chain(at, full.field("chain").Type)
		if n := m.Orders(); n > MaxOrders {
			c.fault(at, "split fewer of its links", "the uses of its links can be gone through in %d orders, more than %d", n, MaxOrders)
		}
	}
	if at, ok := o.get("nearest"); ok && m.Nearest && !m.hasRegions() {
		c.fault(at, "give the backends of a link with several uses a region each", "has no effect: no link has uses in several regions")
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
func (c *compiler) settings(name string, o *object) *Model {
	m := &Model{
		Name: name, Retries: o.whole("retries"), Unfit: Unfit(o.text("unfit")),
		Timeout: o.duration("timeout"), IdleTimeout: o.duration("idle_timeout"), Nearest: o.flag("nearest"),
	}
	b := &object{of: breakerType}
	if given, ok := c.within(o, "breaker"); ok {
		b = given
	}
	m.Breaker = Breaker{
		Connections: uint32(b.whole("connections")), Pending: uint32(b.whole("pending")), Requests: uint32(b.whole("requests")),
	}
	if h, ok := c.within(o, "health"); ok {
		m.Health = Health{Interval: h.duration("interval")}
	}
	return m
}

// within reads the object that a key of another one holds, where it is given.
func (c *compiler) within(o *object, key string) (*object, bool) {
	p, ok := o.get(key)
	if !ok {
		return nil, false
	}
	return c.object(p, o.of.field(key).Type)
}

func (c *compiler) chain(p place, t *Type) []Link {
	places, ok := c.elements(p, t, "a list of links, such as [openai/gpt-5.5]")
	if !ok {
		return nil
	}
	var chain []Link
	for _, at := range places {
		if !c.plain(at) {
			continue
		}
		if at.node.Kind == yaml.SequenceNode {
			chain = append(chain, c.link(at))
			continue
		}
		if at.node.Kind == yaml.MappingNode {
			c.fault(at, "put it into a list: [{use: ...}]", "must be backend/model, or a list of {use, weight}")
			continue
		}
		if use, ok := c.use(at); ok {
			chain = append(chain, Link{Uses: []Use{use}})
		}
	}
	return chain
}

// link reads a link of several uses with weights.
func (c *compiler) link(p place) Link {
	t := linkType.option(List)
	places, _ := c.elements(p, t, "a list")
	var link Link
	seen := make(map[string]int)
	for i, at := range places {
		if !c.plain(at) {
			continue
		}
		if at.node.Kind == yaml.ScalarNode {
			c.fault(at, "write {use: backend/model, weight: 1}", "must be an object, is %s", form(at.node))
			continue
		}
		o, ok := c.object(at, t.Elem)
		if !ok {
			continue
		}
		weight := o.whole("weight")
		to, ok := o.get("use")
		if !ok {
			continue
		}
		if first, twice := seen[to.node.Value]; twice {
			c.fault(to, "add the weights up", "%s is already in this link, at [%d]", quote(to.node.Value), first)
			continue
		}
		seen[to.node.Value] = i
		if use, ok := c.use(to); ok {
			use.Weight = uint32(weight)
			link.Uses = append(link.Uses, use)
		}
	}
	return link
}

// use reads backend/model and finds the backend.
func (c *compiler) use(p place) (Use, bool) {
	text, ok := c.text(p, useText)
	if !ok {
		return Use{}, false
	}
	backend, model, _ := split(text)
	if !c.defined(backend) {
		c.fault(p, c.near(backend), "backend %s is not defined", quote(backend))
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
func (m *Model) Path() string { return join("models", m.Name) }
