package policy

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/trait"
)

// FitAny is the FitName of a request that every backend of its pool supports.
const FitAny = "any"

// MaxClasses bounds the classes of one chain: an endpoint lists every set of
// classes that its own is in, which doubles with each further class. Of a chain with more,
// those beyond are one class, which supports what all of them do.
const MaxClasses = 6

// Class groups the uses of a chain that take the same requests, by what their servers and
// their models lack.
type Class struct {
	Dialect string
	Quirks  quirk.Set
	Lacks   trait.Set
}

// ClassOf returns the class of a use.
func ClassOf(u Use) Class {
	return Class{u.Backend.Dialect, u.Backend.Provider.Quirks.Support(), u.Lacks}
}

// Classes returns the distinct classes of the chain, in the order of its uses. A
// set of classes is written as a mask with bit i for the i-th of them.
func (m *Model) Classes() []Class {
	var all []Class
	for _, u := range m.Uses() {
		if c := ClassOf(u); !slices.Contains(all, c) && len(all) < MaxClasses {
			all = append(all, c)
		}
	}
	return all
}

// ClassIndex returns the place of a use's class among the chain's Classes.
func (m *Model) ClassIndex(u Use) int {
	if i := slices.Index(m.Classes(), ClassOf(u)); i >= 0 {
		return i
	}
	return MaxClasses - 1
}

// FitName names the set of classes that support a request, as the router level writes
// it into Envoy's metadata under FitKey.
func FitName(mask, classes int) string {
	if mask == 1<<classes-1 {
		return FitAny
	}
	return "c" + strconv.Itoa(mask)
}

// FitNames names the sets of classes that an endpoint of a use belongs to: all that
// hold its own class.
func (m *Model) FitNames(u Use) []string {
	classes := m.Classes()
	own := m.ClassIndex(u)
	names := []string{FitAny}
	for mask := 1; mask < 1<<len(classes)-1; mask++ {
		if mask&(1<<own) != 0 {
			names = append(names, FitName(mask, len(classes)))
		}
	}
	return names
}
