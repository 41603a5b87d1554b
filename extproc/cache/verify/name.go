package verify

import (
	"slices"
	"strings"
)

// maxSearches bounds how many names, quotations and pieces of code of one question are looked for
// all over the other. Who has more of them that the other lacks differs.
const maxSearches = 16

// notNames are words that are written with a capital and are no names.
var notNames = set("i a im ill ive id internet web god ok english")

// namesOf are the names in tokens: words with a capital past the first of a sentence, or of
// capitals alone, letters with digits at once after them, and single letters.
func namesOf(tokens []token) (names []string) {
	for i, t := range tokens {
		measures := currencies[t.key] != "" || unitOf[t.key] != "" && counts(tokens, i)
		cut := len(t.key) == 1 && i > 0 && tokens[i-1].key == "'" // the end of a word
		if t.kind == word && !measures && !cut && isName(t) {
			names = append(names, t.key)
		}
	}
	return sorted(names)
}

func isName(t token) bool {
	switch {
	case t.tied, strings.HasSuffix(t.key, "+"), strings.HasSuffix(t.key, "#"):
		return true
	case grammar[t.key], soft[t.key], notNames[t.key], isMonth[t.key], weekdays[t.key] != "", t.denies:
		return false
	case len(t.key) == 1:
		return letters[t.key]
	case capitals(t.raw):
		return true
	}
	return capital(t.raw) && !t.first
}

// letters are those that are names by themselves: all but those that stand for words in messages.
var letters = set("b c d e f g h j k l m o p q s t v w x y z")

// firstsOf are the first words of sentences that may be names.
func firstsOf(tokens []token) (firsts []string) {
	for _, t := range tokens {
		if t.kind == word && t.first && capital(t.raw) && len(t.key) > 2 && !grammar[t.key] && !soft[t.key] && !openers[stem(t.key)] {
			firsts = append(firsts, t.key)
		}
	}
	return sorted(firsts)
}

// openers are words that sentences begin with and that are no names, as stems.
var openers = stems(`
	explain describe list write create build add remove delete change update set configure install run start stop open close fix solve convert translate calculate compute compare
	summarize summarise provide suggest recommend generate rewrite draft edit design develop implement analyze analyse evaluate discuss identify outline prove derive find search look buy sell order
	cancel return refund transfer send receive activate enable disable reset learn study prepare apply improve increase decrease reduce lose gain earn save cook bake play watch read talk speak
	according assuming suppose given based considering regarding concerning despite apart including having being getting doing making working living
	my our your their his her its people women men girls boys students children someone anyone everyone nobody
	today tomorrow yesterday recently lately sometimes often always never usually generally currently finally first second third last next
	new old big small long short high low many several few most more less free
	hypothetically theoretically technically scientifically historically practically
`)

// stems makes a set of the stems of words.
func stems(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[stem(w)] = true
	}
	return m
}

// namesDiffer reports whether one question has a name that the other lacks, in any case.
func namesDiffer(a, b *Question) bool {
	return lacksName(b, a, a.names) || lacksName(a, b, b.names) || lacksName(b, a, a.firsts) && lacksName(a, b, b.firsts) || kindsDiffer(a, b, true)
}

// lacksName reports whether a question lacks one of some names of another one.
func lacksName(q, other *Question, names []string) bool {
	searches := 0
	for _, name := range names {
		if contains(q.keys, name) {
			continue
		}
		if searches++; searches > maxSearches || !q.hasName(name) && !divided(q, other, name) {
			return true
		}
	}
	return false
}

// hasName reports whether a question has a name in another form: as a plural or an adjective.
func (q *Question) hasName(name string) bool {
	return slices.ContainsFunc(q.keys, func(k string) bool { return sameName(name, k) }) || q.inTwo(name)
}

// inTwo reports whether a question has a word as two: e-mail for email.
func (q *Question) inTwo(key string) bool {
	for i := 1; i < len(q.sequence); i++ {
		if joined(key, q.sequence[i-1], q.sequence[i]) {
			return true
		}
	}
	return false
}

// joined reports whether a word or a stem is two in one.
func joined(key, a, b string) bool {
	rest, ok := strings.CutPrefix(key, a)
	return ok && rest != "" && begins(b, rest)
}

// begins reports whether a stem is that of a word, or the word itself.
func begins(word, stem string) bool { return strings.HasPrefix(word, stem) && len(word) <= len(stem)+1 }

// divided reports whether a word of other is a part of one of q, of which other has the other part
// beside it.
func divided(q, other *Question, part string) bool {
	for i := 1; i < len(other.sequence); i++ {
		a, b := other.sequence[i-1], other.sequence[i]
		if (begins(a, part) || begins(b, part)) && contains(q.keys, a+b) {
			return true
		}
	}
	return false
}

// sameName reports whether two keys are of one name, as India and Indian are.
func sameName(a, b string) bool {
	if len(a) < 4 || len(b) < 4 || a[0] != b[0] {
		return a == b
	}
	a, b = singular(a), singular(b)
	return stem(a) == stem(b) || ofPlace(a, b) || ofPlace(b, a)
}

// ofPlace reports whether one key is the adjective of the other.
func ofPlace(adjective, place string) bool {
	if len(adjective) <= len(place)-2 {
		return false
	}
	bare := strings.TrimRight(place, "aeiouy")
	for _, ending := range []string{"n", "an", "ian", "ese", "ish", "i", "ic"} {
		base, ok := strings.CutSuffix(adjective, ending)
		if ok && len(base) > 2 && (base == place || base == bare) {
			return true
		}
	}
	return false
}
