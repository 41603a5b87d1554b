package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/wildcard"
)

// MaxWeight is the greatest weight of a use, in a document and in an overlay.
const MaxWeight = 10000

// Weights gives uses of one link other weights than the document's. The link's other
// uses keep theirs.
type Weights struct {
	Model string            `json:"model"`
	Link  int               `json:"link"` // index in the chain
	Uses  map[string]uint32 `json:"uses"` // by backend/model; 0 takes the use out of the link
	Laid
}

// Place implements Entry.
func (w Weights) Place() string {
	return fmt.Sprintf("%s.chain[%d]", strict.Join("models", w.Model), w.Link)
}

// Effect implements Entry.
func (w Weights) Effect() string {
	var all []string
	for _, use := range slices.Sorted(maps.Keys(w.Uses)) {
		all = append(all, use+"="+strconv.FormatUint(uint64(w.Uses[use]), 10))
	}
	return strings.Join(all, " ")
}

func (w Weights) kind() string { return "weights" }

func (w Weights) faults(document *Set) []Fault {
	m := document.Models[w.Model]
	if m == nil {
		return []Fault{{Path: strict.Join("models", w.Model), Message: "the policy has no such model", Hint: strict.Suggestion(w.Model, slices.Sorted(maps.Keys(document.Models)))}}
	}
	if w.Link < 0 || w.Link >= len(m.Chain) {
		return []Fault{{Path: w.Place(), Message: fmt.Sprintf("the chain has no such link: it has %d, counted from 0", len(m.Chain))}}
	}
	link := m.Chain[w.Link]
	all := append(w.unknownUses(link), w.outOfBounds()...)
	switch {
	case len(all) > 0:
	case len(w.Uses) == 0:
		all = append(all, w.fault("", "no weight is given", "name at least one use, such as "+link.Uses[0].String()+"=10"))
	case len(link.Uses) == 1:
		all = append(all, w.fault("", "the link has one use, which gets every request", ""))
	case w.empties(link):
		all = append(all, w.fault("", "every use of the link has weight 0: nothing would answer", "leave one of them a weight"))
	}
	return all
}

func (w Weights) unknownUses(link Link) (all []Fault) {
	var names []string
	for _, u := range link.Uses {
		names = append(names, u.String())
	}
	for _, use := range slices.Sorted(maps.Keys(w.Uses)) {
		if !slices.Contains(names, use) {
			hint := strict.Suggestion(use, names)
			if hint == "" {
				hint = "its uses are " + strings.Join(names, ", ")
			}
			all = append(all, w.fault(use, "the link has no such use", hint))
		}
	}
	return all
}

func (w Weights) outOfBounds() (all []Fault) {
	for _, use := range slices.Sorted(maps.Keys(w.Uses)) {
		if n := w.Uses[use]; n > MaxWeight {
			all = append(all, w.fault(use, fmt.Sprintf("a weight is from 1 to %d, or 0, which takes the use out of the link; this is %d", MaxWeight, n), ""))
		}
	}
	return all
}

// fault is about a use, or about the link if none is named.
func (w Weights) fault(use, message, hint string) Fault {
	path := w.Place()
	if use != "" {
		path += "[" + strict.Quote(use) + "]"
	}
	return Fault{Path: path, Message: message, Hint: hint}
}

// empties reports whether no use of the link would be left.
func (w Weights) empties(link Link) bool {
	return !slices.ContainsFunc(link.Uses, func(u Use) bool {
		n, given := w.Uses[u.String()]
		return !given || n > 0
	})
}

func (w Weights) lay(on *Set) {
	m := on.Models[w.Model]
	link := &m.Chain[w.Link]
	before := len(link.Uses)
	link.Uses = slices.DeleteFunc(link.Uses, func(u Use) bool {
		n, given := w.Uses[u.String()]
		return given && n == 0
	})
	for i, u := range link.Uses {
		if n, given := w.Uses[u.String()]; given {
			link.Uses[i].Weight = n
		}
	}
	if len(link.Uses) < before {
		on.withoutUse(m)
	}
}

// withoutUse takes out what a document could not say of a model that has lost a use: a
// pair reads what is in effect as it reads a document.
func (s *Set) withoutUse(m *Model) {
	m.Nearest = m.Nearest && m.hasRegions()
	if !m.splits() {
		m.Balance = BalanceWeights
	}
	if m.API == APIResponses && !m.hasResponses() {
		m.API = APIAuto
	}
	served := make(map[string]bool)
	var wild []string // models that follow from the name that is asked for
	for _, m := range s.Models {
		for _, u := range m.Uses() {
			served[u.Model] = true
			if u.Wild() {
				wild = append(wild, u.Model)
			}
		}
	}
	unserved := func(backend, model string) bool {
		return backend == "" && strings.Contains(model, "/") && !served[model] &&
			!slices.ContainsFunc(wild, func(w string) bool { return wildcard.Match(w, model) })
	}
	overrides := s.Prices.Overrides()
	left := slices.DeleteFunc(slices.Clone(overrides), func(o price.Override) bool {
		return unserved(o.Backend, o.Model)
	})
	if len(left) < len(overrides) {
		s.Prices = price.Builtin().With(left)
	}
	s.Traits = s.Traits.With(slices.DeleteFunc(slices.Clone(s.Traits.Overrides()), func(o catalogue.Override) bool {
		return unserved(o.Backend, o.Model)
	}))
}

// LinkOf returns the index of the only link of the model's chain that has all of these
// uses, each written backend/model, or what is wrong. Links of one use count if no other
// has them.
func (m *Model) LinkOf(uses map[string]uint32) (int, *Fault) {
	links := m.linksWith(slices.Sorted(maps.Keys(uses))...)
	if split := slices.DeleteFunc(slices.Clone(links), func(i int) bool { return len(m.Chain[i].Uses) == 1 }); len(split) > 0 {
		links = split
	}
	switch len(links) {
	case 1:
		return links[0], nil
	case 0:
		return 0, m.unlinked(uses)
	}
	return 0, &Fault{Path: m.Path(), Message: fmt.Sprintf("its links %v have these uses", links), Hint: "name the one that is meant"}
}

// linksWith returns the indexes of the links that have all of the uses.
func (m *Model) linksWith(uses ...string) (all []int) {
	for i, l := range m.Chain {
		if !slices.ContainsFunc(uses, func(use string) bool { return !l.has(use) }) {
			all = append(all, i)
		}
	}
	return all
}

func (l Link) has(use string) bool {
	return slices.ContainsFunc(l.Uses, func(u Use) bool { return u.String() == use })
}

// unlinked says why no link has all of the uses.
func (m *Model) unlinked(uses map[string]uint32) *Fault {
	var names []string
	for _, u := range m.Uses() {
		names = append(names, u.String())
	}
	for _, use := range slices.Sorted(maps.Keys(uses)) {
		if !slices.Contains(names, use) {
			return &Fault{Path: m.Path(), Message: "no link has the use " + strict.Quote(use), Hint: strict.Suggestion(use, names)}
		}
	}
	return &Fault{Path: m.Path(), Message: "no link has all of these uses", Hint: "lay weights over one link at a time"}
}
