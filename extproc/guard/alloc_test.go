//go:build !race

package guard

import (
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestAllocations bounds what guards that find nothing allocate for a request of 1,000 tokens, and
// holds that a policy without guards pays nothing.
func TestAllocations(t *testing.T) {
	asking := testing.AllocsPerRun(50, func() { chat(t, prose) })
	s := compiled(t, everyRule)
	all := testing.AllocsPerRun(50, func() {
		ex := chat(t, prose)
		if v, err := s.Join(ex).Request(t.Context(), &ex.Request); err != nil || v.Action != exchange.Pass {
			t.Fatal(v, err)
		}
	})
	if got := all - asking; got > 20 {
		t.Errorf("%v allocations for all rules", got)
	}
	none, ex := compiled(t, model), chat(t, prose)
	if got := testing.AllocsPerRun(50, func() { none.Join(ex) }); got > 0 || none.Phases() != 0 {
		t.Errorf("without guards: %v allocations, phases %b", got, none.Phases())
	}
}
