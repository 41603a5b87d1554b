package drill

import (
	"fmt"

	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
)

// chain is the chain of one play: the operator's, with backends of its own.
type chain struct {
	way      Way
	name     string // of the model, in the drill's policy
	links    [][]use
	longer   bool // a link after the first may take longer prompts
	backends []*backend
}

// use is a model at a backend.
type use struct {
	*backend
	model   string
	weight  uint32
	streams bool // it is asked for a stream
}

// backend stands in for one of the operator's.
type backend struct {
	name    string // the operator's
	copy    string // in the drill's policy
	dialect string
	host    string // of the simulated provider
	url     string
}

// newChain copies a model's chain for the nth play.
func newChain(set *policy.Set, m *policy.Model, way Way, n int) *chain {
	c := &chain{way: way, name: fmt.Sprintf("%.100s~%d", m.Name, n), longer: longer(set, m)}
	copies := make(map[string]*backend)
	for _, link := range m.Chain {
		var uses []use
		for _, u := range link.Uses {
			b := copies[u.Backend.Name]
			if b == nil {
				b = &backend{name: u.Backend.Name, dialect: u.Backend.Dialect, copy: fmt.Sprintf("%.40s.%d.%d", u.Backend.Name, n, len(copies))}
				copies[b.name] = b
				c.backends = append(c.backends, b)
			}
			uses = append(uses, use{b, u.Model, u.Weight, way.Stream || m.Streams(u, set.Takes(u).Reasoning)})
		}
		c.links = append(c.links, uses)
	}
	return c
}

// longer reports whether a link after the first has a greater context window than that,
// or one that is not known.
func longer(set *policy.Set, m *policy.Model) bool {
	var first int64
	for _, u := range m.Chain[0].Uses {
		first = max(first, set.Takes(u).Context)
	}
	for _, link := range m.Chain[1:] {
		for _, u := range link.Uses {
			if window := set.Takes(u).Context; window == 0 || window > first {
				return true
			}
		}
	}
	return false
}

// prelude is how many events of a backend's stream come before the first token.
func (u use) prelude() int {
	if u.dialect == "anthropic" {
		return 3 // message_start, content_block_start, ping
	}
	return 1 // the role
}

// pace is how many tokens a backend writes in a second: at once would be unlike any.
const pace = 200

// link makes a rule for each use of a link.
func (c *chain) link(i int, do func(use) sim.Behaviour) (rules sim.Script) {
	for _, u := range c.links[i] {
		b := do(u)
		b.Text = new(textOf(i))
		if b.TPS == 0 {
			b.TPS = pace
		}
		rules = append(rules, sim.Rule{Match: sim.Match{Host: u.host, Model: u.model}, Do: b})
	}
	return rules
}

// healthy has every link answer with its text.
func (c *chain) healthy() (rules sim.Script) {
	for i := range c.links {
		rules = append(rules, c.link(i, func(use) sim.Behaviour { return sim.Behaviour{} })...)
	}
	return rules
}

// primary reports whether a backend is one of the first link.
func (c *chain) primary(b *backend) bool {
	for _, u := range c.links[0] {
		if u.backend == b {
			return true
		}
	}
	return false
}

// attempt reads a line of the simulated provider's log.
func (c *chain) attempt(s sim.Served) Attempt {
	a := Attempt{
		Link: -1, Model: s.Model, Status: s.Status, Ended: string(s.Ended),
		Input: s.Usage.TotalInput(), Output: s.Usage.TotalOutput(),
	}
	for i, link := range c.links {
		for _, u := range link {
			if a.Link < 0 && u.host == s.Host && u.model == s.Model {
				a.Link, a.Backend, a.Use = i, u.copy, u.name+"/"+u.model
			}
		}
	}
	return a
}
