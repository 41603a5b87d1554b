package onepass

import "fmt"

// Type is one kind of what a Scanner can find.
type Type struct {
	Name    string
	About   string // one line: what it is, and what it is known by
	Default bool   // found by a Scanner of no types in particular
}

// Kind is the index of a Type among those of its guard: at most 63.
type Kind uint8

// Kinds is a set of kinds, one bit each.
type Kinds uint64

// Has reports whether a kind is in the set.
func (ks Kinds) Has(k Kind) bool { return ks>>k&1 == 1 }

// named returns the kinds of types that have these names; of nil: those that are on by default.
func named(guard string, types []Type, names []string) (on Kinds, err error) {
	if names == nil {
		return usual(types), nil
	}
	for _, name := range names {
		k, ok := find(types, name)
		if !ok {
			return 0, fmt.Errorf("%s: there is no type %q", guard, name)
		}
		on |= 1 << k
	}
	return on, nil
}

func find(types []Type, name string) (Kind, bool) {
	for k := range types {
		if types[k].Name == name {
			return Kind(k), true
		}
	}
	return 0, false
}

func usual(types []Type) (on Kinds) {
	for k := range types {
		if types[k].Default {
			on |= 1 << k
		}
	}
	return on
}
