package eval

import (
	"cmp"
	"math"
	"slices"
)

// scored is a score with what is right.
type scored struct {
	score    float64
	positive bool
}

// curve is what comes of each threshold of a score: the scores from the highest down.
type curve struct {
	all                  []scored
	positives, negatives int
}

func newCurve(all []scored) *curve {
	c := &curve{all: slices.Clone(all)}
	slices.SortFunc(c.all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	for _, s := range all {
		if s.positive {
			c.positives++
		} else {
			c.negatives++
		}
	}
	return c
}

// auc is the chance that a positive has a higher score than a negative, of two that are equal one
// half. It reports false if there are none of either.
func (c *curve) auc() (float64, bool) {
	if c.positives == 0 || c.negatives == 0 {
		return 0, false
	}
	wins, above := 0.0, 0 // above: positives with a higher score
	for i := 0; i < len(c.all); {
		p, n, next := c.equal(i)
		wins += float64(n) * (float64(above) + float64(p)/2)
		above += p
		i = next
	}
	return wins / float64(c.positives) / float64(c.negatives), true
}

// equal counts the positives and negatives that have the score of the one at i, the first of them,
// and returns where the next lower score begins.
func (c *curve) equal(i int) (positives, negatives, next int) {
	for next = i; next < len(c.all) && c.all[next].score == c.all[i].score; next++ {
		if c.all[next].positive {
			positives++
		} else {
			negatives++
		}
	}
	return positives, negatives, next
}

// atFPR is the lowest threshold at which no more than a share of the negatives is flagged. It is
// above every score if there is no other.
func (c *curve) atFPR(most float64) Point {
	at := Point{Threshold: 1}
	if len(c.all) > 0 {
		at.Threshold = math.Nextafter(c.all[0].score, math.Inf(1))
	}
	positives, negatives := 0, 0
	for i := 0; i < len(c.all); {
		p, n, next := c.equal(i)
		positives, negatives = positives+p, negatives+n
		if float64(negatives) > most*float64(c.negatives)+1e-9 {
			break
		}
		at.Threshold, at.tp = c.all[i].score, positives
		i = next
	}
	at.Recall = ratio(at.tp, c.positives)
	return at
}

// at counts what is flagged at a threshold.
func (c *curve) at(threshold float64) Threshold {
	var f Figures
	for _, s := range c.all {
		f.count(s.positive, s.score >= threshold)
	}
	f.finish()
	return Threshold{threshold, f.Recall, f.Precision, f.FPR}
}

// graded reports whether there are scores between no and yes.
func (c *curve) graded() bool {
	return slices.ContainsFunc(c.all, func(s scored) bool { return s.score > 0 && s.score < 1 })
}

// ratio is a share; nil: of nothing.
func ratio(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}
