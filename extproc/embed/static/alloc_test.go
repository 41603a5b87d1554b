//go:build !race

package static

import "testing"

// TestAllocations holds that a vector into room that is there allocates nothing, whatever the text.
func TestAllocations(t *testing.T) {
	e, room := ready(t), make([]float32, 0, Dims)
	each(t, "lines.jsonl", func(l line) {
		if n := testing.AllocsPerRun(3, func() { _, _ = e.Embed(t.Context(), room, l.Text) }); n > 0 {
			t.Errorf("%q: %v allocations", l.Text, n)
		}
	})
}
