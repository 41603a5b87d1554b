package console

import (
	"net/http"
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
	Name   string // as proven; empty: nobody in particular
	Rights []Right
}

// May reports whether the principal has a right.
func (p Principal) May(r Right) bool { return slices.Contains(p.Rights, r) }

// Author is whom the history names for a change: who proved a name, else whoever the
// change itself names.
func (p Principal) Author(named string) string {
	if p.Name != "" {
		return p.Name
	}
	return strings.TrimSpace(named)
}

// Anyone is Options.Who of a port that only this machine can reach: whoever does may
// read and change, and a change names its author itself.
func Anyone(*http.Request) Principal { return Principal{Rights: []Right{Read, Change}} }
