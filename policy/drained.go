package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// Drained takes a backend, or a model of it, out of the chains that have something else:
// it is not asked as long as the entry acts. See Set.Undrained for the others.
type Drained struct {
	Backend string `json:"backend"`
	Use     string `json:"use,omitempty"`   // name of the model at the backend; empty: all of them
	Model   string `json:"model,omitempty"` // of the policy, whose chain it is taken out of; empty: every one
	Laid
}

// Place implements Entry.
func (d Drained) Place() string {
	what := d.Backend
	if d.Use != "" {
		what += "/" + d.Use
	}
	if d.Model != "" {
		return strict.Join("models", d.Model) + "[" + strict.Quote(what) + "]"
	}
	return strict.Join("backends", what)
}

// Effect implements Entry.
func (d Drained) Effect() string { return "drained" }

func (d Drained) kind() string { return "drained" }

// matches reports whether a use of a model is what is drained.
func (d Drained) matches(m *Model, u Use) bool {
	return u.Backend.Name == d.Backend && (d.Use == "" || u.Model == d.Use) && (d.Model == "" || m.Name == d.Model)
}

func (d Drained) faults(document *Set) []Fault {
	if document.Backends[d.Backend] == nil {
		return []Fault{{Path: d.Place(), Message: "backend " + strict.Quote(d.Backend) + " is not defined",
			Hint: strict.Suggestion(d.Backend, slices.Sorted(maps.Keys(document.Backends)))}}
	}
	if d.Model != "" && document.Models[d.Model] == nil {
		return []Fault{{Path: strict.Join("models", d.Model), Message: "the policy has no such model",
			Hint: strict.Suggestion(d.Model, slices.Sorted(maps.Keys(document.Models)))}}
	}
	var sole []string
	for _, name := range slices.Sorted(maps.Keys(document.Models)) {
		m := document.Models[name]
		matches := func(u Use) bool { return d.matches(m, u) }
		switch uses := m.Uses(); {
		case !slices.ContainsFunc(uses, matches):
		case slices.ContainsFunc(uses, func(u Use) bool { return !matches(u) }):
			return nil
		default:
			sole = append(sole, name)
		}
	}
	if sole == nil {
		return []Fault{{Path: d.Place(), Message: "no chain has it"}}
	}
	return []Fault{{Path: d.Place(), Message: "nothing would be left of the chain of " + strings.Join(sole, ", "), Hint: "add another backend to the chain first"}}
}

// lay implements Entry: drain lays the entries of this kind, all of them at once.
func (d Drained) lay(*Set) {}

// drain takes what is drained out of the chains that something is left of.
func (s *Set) drain(all []Drained) {
	s.undrained = nil
	for _, name := range slices.Sorted(maps.Keys(s.Models)) {
		m := s.Models[name]
		drained := func(u Use) bool { return slices.ContainsFunc(all, func(d Drained) bool { return d.matches(m, u) }) }
		switch uses := m.Uses(); {
		case !slices.ContainsFunc(uses, drained):
		case slices.ContainsFunc(uses, func(u Use) bool { return !drained(u) }):
			m.Chain = m.without(drained)
			s.withoutUse(m)
		default:
			s.undrained = append(s.undrained, name)
		}
	}
}

// without returns the model's chain without some of its uses, and without the links that
// lose all of theirs.
func (m *Model) without(some func(Use) bool) (chain []Link) {
	for _, l := range m.Chain {
		if left := slices.DeleteFunc(slices.Clone(l.Uses), some); len(left) > 0 {
			chain = append(chain, Link{Uses: left})
		}
	}
	return chain
}

// AllDrained says in words what becomes of a model that is Undrained.
const AllDrained = "all of its chain is drained, so that none of it is"

// Undrained returns the models, sorted, that are served by what is drained, because it is
// all that their chains have.
func (s *Set) Undrained() []string { return s.undrained }
