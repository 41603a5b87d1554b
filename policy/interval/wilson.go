// Package interval says how far a share that was counted in a sample may be from the true one.
//
// The promise: the bounds hold for few trials and for shares near 0 and 1, where those of the
// normal approximation do not. The trap: they say nothing of a sample that was not drawn at random.
package interval

import "math"

// z is the 97.5 % quantile of the normal distribution: 2.5 % lie beyond it at either end.
const z = 1.959963984540054

// Wilson returns the bounds between which a true share lies with 95 % confidence, of which some of
// n trials were counted. They are from 0 to 1; of no trials they are 0 and 1.
//
// It is the score interval of E. B. Wilson, "Probable Inference, the Law of Succession, and
// Statistical Inference", Journal of the American Statistical Association 22 (1927), page 209.
func Wilson(some, n int64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	trials, share := float64(n), float64(some)/float64(n)
	middle := share + z*z/(2*trials)
	half := z * math.Sqrt(share*(1-share)/trials+z*z/(4*trials*trials))
	whole := 1 + z*z/trials
	return max((middle-half)/whole, 0), min((middle+half)/whole, 1)
}
