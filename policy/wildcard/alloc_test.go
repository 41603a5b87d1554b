//go:build !race

package wildcard_test

import (
	"testing"

	"github.com/headgate/headgate/policy/wildcard"
)

// TestFindDoesNotAllocate holds so of each way that a name is found, or not.
func TestFindDoesNotAllocate(t *testing.T) {
	x := wildcard.NewIndex([]string{"fast"}, []string{"claude-*", "openai/*", "*-latest"})
	for _, name := range []string{"fast", "claude-sonnet-5", "x-latest", "none"} {
		if n := testing.AllocsPerRun(100, func() { x.Find(name) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
