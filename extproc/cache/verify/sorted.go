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
