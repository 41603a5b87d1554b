package console

import (
	"slices"
	"strings"
)

// Right is what a route takes from who calls it.
type Right string

// The values of Right.
const (
	Read   Right = "read"   // to see what is, or what would be
	Change Right = "change" // to change what the gateway does
)

// Principal is who asks.
type Principal struct {
	Key    string // id of the admin key that was shown; empty: none is needed
	Name   string // whose key it is; empty: nobody's in particular
	Rights []Right
}

// May reports whether the principal has a right.
func (p Principal) May(r Right) bool { return slices.Contains(p.Rights, r) }

// Author is whom the history names for a change: whose key it is, else whoever the change
// itself names.
func (p Principal) Author(named string) string {
	if p.Name != "" {
		return p.Name
	}
	return strings.TrimSpace(named)
}
