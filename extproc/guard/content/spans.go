package content

import (
	"cmp"
	"slices"
)

// Disjoint puts findings in order and cuts off each what those that begin before it have. It changes
// the slice that it is given.
func Disjoint(found []Finding) []Finding {
	sortFindings(found)
	kept, last := found[:0], 0
	for _, f := range found {
		if f.End <= last {
			continue
		}
		f.Start = max(f.Start, last)
		last = f.End
		kept = append(kept, f)
	}
	return kept
}

// Outside returns the last place up to a place that is within none of the findings, which may
// overlap. It changes their order.
func Outside(found []Finding, place int) int {
	sortFindings(found)
	for _, f := range slices.Backward(found) {
		if f.Start < place && f.End > place {
			place = f.Start
		}
	}
	return place
}

func sortFindings(found []Finding) {
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
}
