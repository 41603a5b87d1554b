package guard

import (
	"slices"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// plan is which guards look at an exchange, in their order.
type plan struct {
	input, output []*Guard
	again         []*Guard // of output: those that look at an answer that is given again, which asks no others
	kept          []*Guard // of output: those that look at an answer that a provider has kept, whose request is not known
	begins        bool     // a guard of answers needs the texts of the request
	decodes       bool     // a guard needs the request in the canonical form
}

// scope is whose exchanges have the same plan.
type scope struct {
	model, tier string
	caller      string // in the policy; empty: one without guards of its own
}

// guards are the guards of a policy, by where they stand.
type guards struct {
	all    lists
	models map[string]lists
	tiers  map[string]lists
	caller map[string]lists
}

// lists are the guards of one place in a policy.
type lists struct{ input, output []*Guard }

// of makes the plan of a scope. A guard takes the place of one of the same name before it.
func (g *guards) of(s scope) *plan {
	p := &plan{}
	for _, l := range []lists{g.all, g.models[s.model], g.tiers[s.tier], g.caller[s.caller]} {
		p.input, p.output = over(p.input, l.input), over(p.output, l.output)
	}
	p.input, p.output = working(p.input), working(p.output)
	for _, it := range p.output {
		if it.Checker == nil {
			p.again = append(p.again, it)
		}
		if it.Form == nil {
			p.kept = append(p.kept, it)
		}
		p.begins = p.begins || it.Begin != nil
		p.decodes = p.decodes || it.Form != nil
	}
	return p
}

// over lays guards over others.
func over(below, above []*Guard) []*Guard {
	out := slices.Clone(below)
	for _, g := range above {
		if i := slices.IndexFunc(out, func(o *Guard) bool { return o.Name == g.Name }); i >= 0 {
			out[i] = g
			continue
		}
		out = append(out, g)
	}
	return out
}

// working returns those that are not off.
func working(all []*Guard) []*Guard {
	return slices.DeleteFunc(all, func(g *Guard) bool { return g.Mode == policy.GuardOff })
}

// scopeOf finds whose plan an exchange has. A caller that a hop names has no guards of a caller of
// the policy, even of the same name.
func (g *guards) scopeOf(ex *exchange.Exchange) scope {
	s := scope{model: ex.Model, tier: ex.Caller.Tier}
	if _, own := g.caller[ex.Caller.Name]; own && !ex.Caller.Hop {
		s.caller = ex.Caller.Name
	}
	if _, own := g.tiers[s.tier]; !own {
		s.tier = ""
	}
	if _, own := g.models[s.model]; !own {
		s.model = ""
	}
	return s
}

// index finds the lists of places that have any.
func index[T any](all map[string]*T, of func(*T) *policy.Guards, make func(*policy.Guards) (lists, error)) (map[string]lists, error) {
	out := map[string]lists{}
	for name, t := range all {
		if g := of(t); g.Any() {
			l, err := make(g)
			if err != nil {
				return nil, err
			}
			out[name] = l
		}
	}
	return out, nil
}
