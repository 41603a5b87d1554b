package eval

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Sample returns at most n of the pairs that are served at a threshold, those of the highest cosine
// first. Which ones depends on the seed alone, and not on the order of the pairs' own hits.
func Sample(all []Judged, threshold float64, v Verifying, n int, seed uint64) []Judged {
	served := slices.DeleteFunc(slices.Clone(all), func(j Judged) bool { return !j.hits(threshold, v) })
	if len(served) > n {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(served), func(i, k int) { served[i], served[k] = served[k], served[i] })
		served = served[:n]
	}
	slices.SortStableFunc(served, func(a, b Judged) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return served
}
