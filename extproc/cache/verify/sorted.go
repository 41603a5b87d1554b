package verify

import "slices"

// sorted sorts a list in place, and leaves each element in it once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// contains reports whether a sorted list has an element.
func contains(list []string, element string) bool {
	_, found := slices.BinarySearch(list, element)
	return found
}

// missing is an element of a that b lacks; "": there is none. Both are sorted.
func missing(a, b []string) string {
	for _, e := range a {
		if !contains(b, e) {
			return e
		}
	}
	return ""
}
