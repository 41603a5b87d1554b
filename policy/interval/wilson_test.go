package interval_test

import (
	"math"
	"testing"

	"github.com/headgate/headgate/policy/interval"
)

// TestWilson holds the bounds to those that others print: Newcombe, "Two-sided confidence intervals
// for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		some, n   int64
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1}, {0, 0, 0, 1},
	} {
		low, high := interval.Wilson(c.some, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 || low < 0 || high > 1 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.some, c.n, low, high, c.low, c.high)
		}
	}
}
