package provider

import (
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/policy"
)

// pools are what may serve one model's exchanges. A backend that speaks several dialects is
// asked for an answer in the one that suits the client, so that what both speak passes as
// it came.
type pools struct {
	all    []*pool          // each once
	main   *pool            // whose backends are asked in the dialect that they speak for everything
	answer map[string]*pool // of what a model answers, by the client's dialect
	count  map[string]*pool // of how many tokens a model reads, by the client's dialect
}

// newPools prepares a model, which of a wildcard is one of its names: written is how the policy has it.
func newPools(m, written *policy.Model, set *policy.Set, circuits *circuit.Store) *pools {
	p := &pools{answer: make(map[string]*pool, len(dialect.All)), count: make(map[string]*pool, len(dialect.All))}
	var known [][]string
	ask := func(dialectOf func(*policy.Backend) string) *pool {
		var asked []string
		for _, use := range m.Uses() {
			asked = append(asked, dialectOf(use.Backend))
		}
		i := slices.IndexFunc(known, func(k []string) bool { return slices.Equal(k, asked) })
		if i < 0 {
			i, known = len(known), append(known, asked)
			p.all = append(p.all, newPool(m, written, asked, set, circuits))
		}
		return p.all[i]
	}
	p.main = ask(func(b *policy.Backend) string { return b.Dialect })
	for _, d := range dialect.All {
		p.answer[d.Name()] = ask(func(b *policy.Backend) string { return m.Asked(b, d.Name()) })
		p.count[d.Name()] = ask(func(b *policy.Backend) string { return countsIn(m, b, d.Name()) })
	}
	return p
}

// of returns the pool that an exchange is for.
func (p *pools) of(ex *exchange.Exchange) *pool {
	switch op := ex.Request.Operation; {
	case op == exchange.Chat, op.OfKept():
		return p.answer[ex.Dialect]
	case op == exchange.CountTokens:
		return p.count[ex.Dialect]
	default:
		return p.main
	}
}

// pool is what may serve one model's exchanges.
type pool struct {
	targets   []*target
	single    *target       // the only one, or nil
	simulated bool          // the simulated provider is among them
	theirs    bool          // some are asked with the client's own credential
	fit       policy.Fit    // which of them take the same requests
	drop      bool          // fields that change the meaning are left out, not refused
	timeout   time.Duration // of each attempt
	turn      int           // how many attempts in a row are one backend's
	window    int64         // the smallest that a model of it is known to have, in tokens; 0: none is, or all are the same
	retries   int           // of one link
	cooldown  time.Duration // how long a backend at its limit is left out if it names no time; 0: none is
	ordered   bool          // users go through it in several orders
	// firstToken is the longest silence behind an attempt's headers; 0: it is waited for.
	firstToken time.Duration
}

// newPool prepares the uses of a model, each of which is asked in a dialect.
func newPool(m, written *policy.Model, asked []string, set *policy.Set, circuits *circuit.Store) *pool {
	p := &pool{fit: written.Fit(), drop: m.Unfit == policy.UnfitDrop, timeout: m.PerTry(), firstToken: m.FirstToken, turn: m.InARow(), retries: m.Retries, cooldown: m.Cooldown, ordered: m.Orders() > 1}
	for i, link := range m.Chain {
		for j, use := range link.Uses {
			as := written.Chain[i].Uses[j]
			t := newTarget(m, use, asked[len(p.targets)], set.Takes(use))
			t.class, t.link, t.circuit, t.wild = p.fit.Class(as), i, circuits.OfName(use, as), as.Wild()
			p.targets = append(p.targets, t)
			p.simulated, p.theirs = p.simulated || t.simulated, p.theirs || t.theirs
		}
	}
	for _, t := range p.targets {
		for _, other := range p.targets {
			t.keepOut(other.sets())
		}
	}
	if len(p.targets) == 1 {
		p.single = p.targets[0]
	}
	p.window = p.smallestWindow()
	return p
}

// smallestWindow returns the smallest window of the pool's models, if another has a larger
// one or one that is not known.
func (p *pool) smallestWindow() (smallest int64) {
	differ := false
	for _, t := range p.targets {
		window := t.canon.Traits.Context
		differ = differ || window != p.targets[0].canon.Traits.Context
		if window > 0 && (smallest == 0 || window < smallest) {
			smallest = window
		}
	}
	if !differ {
		return 0
	}
	return smallest
}

// find returns the target of a backend and its model's name there. Without a
// model the first of the backend counts.
func (p *pool) find(backend, model string) *target {
	for _, t := range p.targets {
		if t.backend.Name == backend && (model == "" || t.model == model) {
			return t
		}
	}
	return nil
}

// classesOf returns the classes of the targets of a backend, as a mask.
func (p *pool) classesOf(b *policy.Backend) (classes int) {
	for _, t := range p.targets {
		if t.backend == b {
			classes |= 1 << t.class
		}
	}
	return classes
}

// streamAgain has a backend asked for streams again that it has refused, and returns of how
// many models.
func (p *pool) streamAgain(backend string) (models int) {
	for _, t := range p.targets {
		if t.backend.Name == backend && t.wholeOnly.Swap(false) {
			models++
		}
	}
	return models
}
