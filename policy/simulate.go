package policy

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/policy/strict"
)

// Simulated has the simulated provider answer in the place of a backend: its models
// under their names and in its dialect, at their prices.
type Simulated struct {
	Backend string `json:"backend"`
	Laid
}

// Place implements Entry.
func (e Simulated) Place() string { return strict.Join("backends", e.Backend) }

// Effect implements Entry.
func (e Simulated) Effect() string { return "the simulated provider answers" }

func (e Simulated) kind() string { return "simulated" }

func (e Simulated) faults(document *Set) []Fault {
	if document.Backends[e.Backend] != nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(document.Backends))
	return []Fault{{Path: e.Place(), Message: "backend " + strict.Quote(e.Backend) + " is not defined", Hint: strict.Suggestion(e.Backend, names)}}
}

func (e Simulated) lay(on *Set) { on.Backends[e.Backend] = on.Backends[e.Backend].simulated() }

// simulated returns the names of the simulated backends, sorted.
func (o Overlay) simulated() []string {
	var names []string
	for _, e := range o.Simulated {
		names = append(names, e.Backend)
	}
	slices.Sort(names)
	return names
}

func (b *Backend) simulated() *Backend {
	out := *b
	for _, p := range Providers {
		if p.Name == SimulatedProvider {
			out.Provider = p
		}
	}
	out.URL, out.CAFile, out.Credentials = nil, "", nil
	out.Headers, out.Organization, out.Project = nil, HeaderValue{}, HeaderValue{}
	return &out
}

// NeedsSimulator reports whether a backend is answered by the gateway's built-in
// simulated provider.
func (s *Set) NeedsSimulator() bool {
	for b := range maps.Values(s.Backends) {
		if b.Provider.Name == SimulatedProvider && b.URL == nil {
			return true
		}
	}
	return false
}
