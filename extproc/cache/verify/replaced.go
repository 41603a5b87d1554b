package verify

import (
	"slices"
	"strings"
)

// replaced reports whether each question has a word of content that the other lacks, and one is
// not another form of the other.
func replaced(a, b *Question) bool {
	x, y := lacked(a, b), lacked(b, a)
	if len(x) == 0 || len(y) == 0 || strings.Join(x, "") == strings.Join(y, "") {
		return false
	}
	if max(len(x), len(y)) > maxSearches {
		return true
	}
	return !formsOf(x, y, a, b) && !formsOf(y, x, b, a)
}

// lacked are the words of content of a that b lacks.
func lacked(a, b *Question) (words []string) {
	for _, i := range a.items {
		if !i.number && !contains(b.content, i.word) {
			words = append(words, i.word)
		}
	}
	return words
}

// formsOf reports whether each of the words that a has and b lacks is in b another form of it, or
// two words in one, or one in two.
func formsOf(words, others []string, a, b *Question) bool {
	for _, w := range words {
		if !slices.ContainsFunc(others, func(o string) bool { return sameName(w, o) }) && !b.inTwo(w) && !divided(b, a, w) {
			return false
		}
	}
	return true
}
