package pair_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/headgate/headgate/policy/pairpb"
)

// TestPairsAreGivenKeys holds that each pair is given what it does not have, as it comes and
// whenever something has changed, and that one that takes none is given none.
func TestPairsAreGivenKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.ring.set(3)
		old := r.link("old", 1, false)
		r.has = &pairpb.KeysState{}
		fresh := r.link("fresh", 0, false)
		r.has = &pairpb.KeysState{Version: 3}
		back := r.link("back", 1, false)
		expect := func(when string, e *end, want ...int64) {
			t.Helper()
			synctest.Wait()
			if got := e.keys(); !slices.Equal(got, want) {
				t.Errorf("%s: a pair was given versions %v, want %v", when, got, want)
			}
		}
		expect("linked", fresh, 3, 3)
		expect("linked", back)
		r.ring.set(4)
		r.Wake()
		r.Wake()
		expect("changed", fresh, 3, 3, 4, 4)
		expect("changed", back, 4, 4)
		expect("changed", old)
	})
}
