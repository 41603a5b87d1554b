//go:build !race

package cache_test

import "testing"

// TestAllocations bounds what looking an answer up allocates, and holds that a policy without caches
// pays nothing. How many other questions there are makes no difference.
func TestAllocations(t *testing.T) {
	for _, c := range lookups {
		t.Run(c.name, func(t *testing.T) {
			r := full(t, c.document, min(c.others, 10))
			ex := r.asked(c.text)
			if got := r.look(ex); got.Result != c.want || got.Reason != c.reason {
				t.Fatalf("%+v", got)
			}
			if got := testing.AllocsPerRun(100, func() { r.look(ex) }); got > c.maxAllocs {
				t.Errorf("%v allocations, %v are allowed", got, c.maxAllocs)
			}
		})
	}
	r := newRig(t, "models: {m: b/x}")
	ex := r.asked(kept)
	if got := testing.AllocsPerRun(100, func() { r.stage.Join(ex) }); got > 0 || r.stage.Phases() != 0 {
		t.Errorf("without caches: %v allocations, phases %b", got, r.stage.Phases())
	}
}
