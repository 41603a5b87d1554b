// Package verify decides by rules whether two questions that an embedder takes for the same may
// have the same answer.
//
// The promise: questions that differ in a number, a date, a name, a quotation, code, a unit, a
// negation or the order of their words are never the same. The trap: an embedder is a bag of
// words, to which exactly these are nearly equal, so its cosine alone proves nothing.
package verify

import "slices"

// Rule is why two questions are not the same: a closed set, also a metric label.
type Rule string

// The rules. QuestionWord and Replaced count only if the policy is strict.
const (
	Number       Rule = "number"
	Date         Rule = "date"
	Name         Rule = "name"
	Quotation    Rule = "quotation"
	Code         Rule = "code"
	Unit         Rule = "unit"
	Negation     Rule = "negation"
	Antonym      Rule = "antonym"
	Order        Rule = "order"
	Language     Rule = "language"
	QuestionWord Rule = "question_word"
	Replaced     Rule = "replaced_word"
)

// Rules are all rules, in the order in which they are looked at.
var Rules = []Rule{Number, Date, Name, Quotation, Code, Unit, Negation, Antonym, Order, Language, QuestionWord, Replaced}

// Compare returns the rules by which two questions differ, in the order of Rules; nil: by none, so
// that they may have one answer. It takes time by the length of the texts alone.
func Compare(a, b string, strict bool) []Rule { return Parse(a).Differs(Parse(b), strict) }

// Question is a text that is ready to be compared. It does not change, and is safe for concurrent
// use. One of 15 words takes some 4 KB. Its lists are sorted and have each element once, but for
// sequence, content and items.
type Question struct {
	language string   // "": it is not clear
	text     string   // folded, in lower case, each run of blanks as one
	said     string   // the keys of words and numbers, a blank before, between and after them
	sequence []string // the keys of words, in order
	keys     []string
	stems    []string
	items    []item   // words of content, in order
	content  []string // the same, sorted

	numbers   []string
	loose     bool // a word says one, which may mean the number
	dates     []string
	names     []string
	firsts    []string // first words of sentences that may be names
	quotes    []string
	codes     []string
	measured  []string // units of numbers
	named     []string // units without a number
	units     []string // both
	denial    denial
	polar     []string // stems that have an opposite, or alter what is after them
	prefixed  []string // words that may be another one with a prefix
	symbols   []string
	kinds     []member
	fillers   []filler
	governed  []string // words of content that a preposition governs
	asks      ask
	expletive bool // it has an it that stands for what comes later
	pointing  bool // it speaks of something that is at hand
	rates     bool // it asks for a choice
}

// Parse makes a text ready to be compared.
func Parse(text string) *Question {
	code, folded := fences(fold(text))
	tokens := tokenize(folded, false)
	q := &Question{language: languageOf(tokens)}
	if commaDecimals(q.language) {
		tokens = tokenize(folded, true)
	}
	q.text = spaced(folded)
	q.codes = sorted(append(code, codesOf(folded)...))
	tokens = dated(tokens)
	values := counting[q.language]
	if values == nil {
		values = everywhere
	}
	tokens, q.loose = counted(tokens, values)
	q.compare(tokens)
	return q
}

// compare fills in what is compared of tokens.
func (q *Question) compare(tokens []token) {
	q.said = keysOf(tokens)
	for _, t := range tokens {
		switch t.kind {
		case word:
			q.sequence = append(q.sequence, t.key)
			q.stems = append(q.stems, stem(t.key))
		case number:
			q.numbers = append(q.numbers, t.key)
		case mark: // symbolsOf has those that matter
		}
	}
	q.keys, q.stems, q.numbers = sorted(slices.Clone(q.sequence)), sorted(q.stems), sorted(q.numbers)
	q.dates = datesOf(tokens)
	q.names, q.firsts = namesOf(tokens), firstsOf(tokens)
	q.quotes = quotesOf(tokens)
	q.measured, q.named = unitsOf(tokens)
	q.units = sorted(slices.Concat(q.measured, q.named))
	q.denial = denialOf(tokens, q.language)
	q.polar, q.prefixed, q.kinds = polarOf(q.stems), prefixedOf(q.keys, q.language), kindsOf(q.stems)
	q.symbols = symbolsOf(tokens)
	q.asks, q.expletive = asksFor(tokens), expletiveIn(tokens)
	q.pointing, q.rates = pointing(tokens), rates(tokens)
	q.items = itemsOf(tokens, q.language)
	q.fillers = fillersOf(q.items)
	for _, i := range q.items {
		q.content = append(q.content, i.word)
		if i.role != "" {
			q.governed = append(q.governed, i.word)
		}
	}
	slices.Sort(q.content)
	q.governed = sorted(q.governed)
}

// Differs returns the rules by which two questions differ, in the order of Rules; nil: by none.
func (q *Question) Differs(other *Question, strict bool) (by []Rule) {
	for _, r := range Rules {
		if (strict || r != QuestionWord && r != Replaced) && q.differs(other, r) {
			by = append(by, r)
		}
	}
	return by
}

func (q *Question) differs(other *Question, by Rule) bool {
	switch by {
	case Number:
		return numbersDiffer(q, other)
	case Date:
		return !slices.Equal(q.dates, other.dates)
	case Name:
		return namesDiffer(q, other)
	case Quotation:
		return lacksQuote(q, other.quotes) || lacksQuote(other, q.quotes)
	case Code:
		return lacksCode(q, other.codes) || lacksCode(other, q.codes) || symbolsDiffer(q.symbols, other.symbols)
	case Unit:
		return unitsDiffer(q, other)
	case Negation:
		return denialsDiffer(q, other)
	case Antonym:
		return opposed(q, other)
	case Order:
		return ordersDiffer(q, other)
	case Language:
		return languagesDiffer(q.language, other.language)
	case QuestionWord:
		return asksDiffer(q.asks, other.asks) || q.pointing != other.pointing || chooses(q, other)
	case Replaced:
		return replaced(q, other)
	}
	return false
}

// numbersDiffer reports whether one question has a number that the other lacks.
func numbersDiffer(a, b *Question) bool {
	x, y := a.numbers, b.numbers
	for len(x) > 0 || len(y) > 0 {
		switch {
		case len(y) == 0 || len(x) > 0 && x[0] < y[0]:
			if x[0] != "1" || !b.loose {
				return true
			}
			x = x[1:]
		case len(x) == 0 || y[0] < x[0]:
			if y[0] != "1" || !a.loose {
				return true
			}
			y = y[1:]
		default:
			x, y = x[1:], y[1:]
		}
	}
	return false
}
