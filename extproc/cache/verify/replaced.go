package verify

import (
	"slices"
	"strings"
)

// fewWords is how many words of content a question has at most that asks what something is, and
// that each word more makes another one: what is yeast, what is a yeast infection.
const fewWords = 2

// brief reports whether each word more makes another question of one.
func (q *Question) brief() bool { return q.asks == anything && len(q.items) <= fewWords }

// replaced reports whether one question has a sentence of which the other has nothing, each has a
// word of content that the other lacks, or one has a word in addition that makes another question:
// one that turns it, any to the few of a brief one or to none, and the use, the cost or another
// attribute of what the other one asks about. Forms of one word are the same.
func replaced(a, b *Question) bool {
	x, y := lacked(a, b), lacked(b, a)
	switch {
	case adds(a, b) || adds(b, a), turns(a, b) || turns(b, a), len(a.items) == 0 != (len(b.items) == 0):
		return true
	case len(x) == 0 && len(y) == 0, strings.Join(x, "") == strings.Join(y, ""):
		return false
	case max(len(x), len(y)) > maxSearches:
		return len(x) > 0 && len(y) > 0
	}
	left, right := others(x, y, a, b), others(y, x, b, a)
	return left && (right || b.brief() || a.asksFor(x)) || right && (a.brief() || b.asksFor(y))
}

// turning are words that a question has for a reason: without them it is about something else.
var turning = set("more less fewer again another else back only except alone too enough instead twice ago later earlier longer")

// turns reports whether a has such a word that b lacks.
func turns(a, b *Question) bool {
	return slices.ContainsFunc(a.keys, func(w string) bool { return turning[w] && !contains(b.keys, w) })
}

// attributes are words by which a question asks for something of a thing, as stems.
var attributes = stems(`
	use application purpose function role importance significance scope future history origin cause effect impact consequence result symptom treatment cure prevention diagnosis
	characteristic feature property component structure formula size color taste population salary cost price fee tax limit maximum minimum restriction requirement eligibility
	benefit advantage disadvantage drawback pros cons risk danger difference similarity alternative rule law syllabus status deadline
`)

// asksFor reports whether a question asks for something of a thing by one of some of its words.
func (q *Question) asksFor(words []string) bool {
	return q.asks == anything && slices.ContainsFunc(words, func(w string) bool { return attributes[w] })
}

// rating are words by which a question asks for a choice of things, and not what they are.
var rating = set("best good better great greatest top popular famous favorite favourite examples example types type kinds kind")

// rates reports whether tokens ask for a choice of things.
func rates(tokens []token) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return rating[t.key] })
}

// chooses reports whether one of two questions asks for a choice of what the other asks about in few
// words.
func chooses(a, b *Question) bool {
	return a.rates != b.rates && a.asks == anything && b.asks == anything && min(len(a.items), len(b.items)) <= fewWords
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
