package policy

import "maps"

// Simulated returns the policy with the simulated provider in the place of some
// backends: it answers their models under their names and dialects, at their
// prices. The revision stays, because the document is the same.
func (s *Set) Simulated(backends map[string]bool) *Set {
	if len(backends) == 0 {
		return s
	}
	out := *s
	out.Backends = make(map[string]*Backend, len(s.Backends))
	for name, b := range s.Backends {
		if backends[name] {
			b = b.simulated()
		}
		out.Backends[name] = b
	}
	out.Models = make(map[string]*Model, len(s.Models))
	for name, m := range s.Models {
		out.Models[name] = m.with(out.Backends)
	}
	return &out
}

func (b *Backend) simulated() *Backend {
	out := *b
	for _, p := range Providers {
		if p.Name == SimulatedProvider {
			out.Provider = p
		}
	}
	out.URL, out.CAFile, out.Credentials = nil, "", nil
	return &out
}

// with returns the model with its uses pointing at other versions of its backends.
func (m *Model) with(backends map[string]*Backend) *Model {
	out := *m
	out.Chain = make([]Link, len(m.Chain))
	for i, link := range m.Chain {
		for _, use := range link.Uses {
			use.Backend = backends[use.Backend.Name]
			out.Chain[i].Uses = append(out.Chain[i].Uses, use)
		}
	}
	return &out
}

// NeedsSimulator tells whether a backend is answered by the gateway's built-in
// simulated provider.
func (s *Set) NeedsSimulator() bool {
	for b := range maps.Values(s.Backends) {
		if b.Provider.Name == SimulatedProvider && b.URL == nil {
			return true
		}
	}
	return false
}
