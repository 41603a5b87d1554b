package main

import (
	"testing"

	"github.com/headgate/headgate/xds/console/backends"
)

// TestResetText holds what is printed of a reset.
func TestResetText(t *testing.T) {
	for want, r := range map[string]backends.Reset{
		"forgotten by 0 of 0 pairs: 0 things of b": {Backend: "b"},
		"forgotten by 1 of 2 pairs: 1 thing of b\n1 did not say so: of a version before, or not in time\n1 pair of other control planes will hear of it within two seconds": {
			Backend: "b", Pairs: 1, Silent: 1, Elsewhere: 1, Things: 1,
		},
	} {
		if got := resetText(r); got != want {
			t.Errorf("%+v is printed as %q, want %q", r, got, want)
		}
	}
}
