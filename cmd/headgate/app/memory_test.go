package app

import (
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// TestEnvoyGetsHalfOfTheMemory holds that a data plane whose Envoy runs in the same memory leaves half
// of it, and another one nothing.
func TestEnvoyGetsHalfOfTheMemory(t *testing.T) {
	total := memoryOf(memlimit.Limit(4 << 30))
	for with, want := range map[bool]int64{false: 4 << 30, true: 2 << 30} {
		if n := (&dataOptions{withEnvoy: with}).share(total); n != want {
			t.Errorf("with Envoy %t: %d bytes, want %d", with, n, want)
		}
	}
}
