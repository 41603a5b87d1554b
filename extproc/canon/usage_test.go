package canon_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
)

// TestLongContextsGoByTheLargestIteration holds that iterations which are short each are no
// long context together.
func TestLongContextsGoByTheLargestIteration(t *testing.T) {
	u := canon.Usage{Input: 300, CacheRead: 7}
	if got := u.LongestInput(); got != 307 {
		t.Errorf("of one iteration: %d", got)
	}
	u.Overwrite(&canon.Usage{Iterations: &canon.Iterations{Largest: 200}})
	if got := u.LongestInput(); got != 200 {
		t.Errorf("of several: %d", got)
	}
}

// TestPartsOfAUsage holds that what is part of a usage can be taken out and put back, and
// that a part that is more than the whole leaves nothing.
func TestPartsOfAUsage(t *testing.T) {
	whole := canon.Usage{Input: 10, CacheRead: 5, Output: 4, Reasoning: 3, Searches: 1}
	part := canon.Usage{Input: 4, Output: 1, Reasoning: 3}
	u := whole
	u.Minus(&part)
	if want := (canon.Usage{Input: 6, CacheRead: 5, Output: 3, Searches: 1}); u != want {
		t.Errorf("the rest is %+v", u)
	}
	if u.Plus(&part); u != whole {
		t.Errorf("together %+v", u)
	}
	if u.Minus(&canon.Usage{Input: 11}); u.Input != 0 {
		t.Errorf("less than nothing: %+v", u)
	}
}
