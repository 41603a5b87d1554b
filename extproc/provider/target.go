package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// target is a backend as one model uses it, prepared once for the policy.
type target struct {
	backend   *policy.Backend
	model     string
	dialect   Dialect
	simulated bool
	paths     map[exchange.Operation]string
}

func newTarget(use policy.Use) *target {
	t := &target{backend: use.Backend, model: use.Model, dialect: ByName(use.Backend.Dialect)}
	t.simulated = use.Backend.Provider.Name == "simulated"
	t.paths = make(map[exchange.Operation]string)
	prefix := "/v1"
	if use.Backend.URL != nil {
		prefix = use.Backend.URL.EscapedPath()
	}
	for _, op := range []exchange.Operation{exchange.Chat, exchange.Embeddings, exchange.CountTokens} {
		t.paths[op] = prefix + t.dialect.Path(op)
	}
	return t
}

// pool is where one model's exchanges may go.
type pool struct {
	targets   []*target
	single    *target // the only one, or nil
	simulated bool    // the simulated provider is among them
}

func newPool(m *policy.Model) *pool {
	p := &pool{}
	for _, use := range m.Uses() {
		t := newTarget(use)
		p.targets = append(p.targets, t)
		p.simulated = p.simulated || t.simulated
	}
	if len(p.targets) == 1 {
		p.single = p.targets[0]
	}
	return p
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
