package verify

import (
	"slices"
	"strings"
)

// fewWords is how many words of content a question has at most that asks what something is, and
// that each word more makes another one: what is DNA, what is a DNA test.
const fewWords = 2

// brief reports whether each word more makes another question of one.
func (q *Question) brief() bool { return q.asks == anything && len(q.items) <= fewWords }

// replaced reports whether each question has a word of content that the other lacks, or one has
// one in addition to the few of a brief one. Forms of one word are the same.
func replaced(a, b *Question) bool {
	x, y := lacked(a, b), lacked(b, a)
	switch {
	case len(x) == 0 && len(y) == 0, strings.Join(x, "") == strings.Join(y, ""):
		return false
	case max(len(x), len(y)) > maxSearches:
		return len(x) > 0 && len(y) > 0
	}
	left, right := others(x, y, a, b), others(y, x, b, a)
	return left && right || left && b.brief() || right && a.brief()
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

// others reports whether b has one of the words that a has and b lacks in no other form either, nor
// as two words in one, or one in two.
func others(words, of []string, a, b *Question) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return !slices.ContainsFunc(of, func(o string) bool { return sameName(w, o) }) && !b.inTwo(w) && !divided(b, a, w)
	})
}
