// Package verify decides by rules whether two questions that an embedder takes for the same may
// have the same answer.
//
// The promise: questions that differ in a number, a date, a name, a quotation, code, a unit, a
// negation or the order of their words are never the same. The trap: an embedder is a bag of
// words, to which exactly these are nearly equal, so its cosine alone proves nothing.
package verify

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
