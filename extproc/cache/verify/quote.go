package verify

import "strings"

// quotesOf are the quotations in tokens, as their keys. Marks that do not come in pairs quote
// nothing, and neither does one that says that a number is of inches.
func quotesOf(tokens []token) (quotes []string) {
	double, single := -1, -1 // where a quotation began
	for i, t := range tokens {
		switch {
		case t.kind != mark:
		case t.key == `"` && double < 0 && i > 0 && tokens[i-1].kind == number && !t.spaced: // 5 inches
		case t.key == `"` && double >= 0 && double == i-1: // doubled, as in files of comma-separated values
			double = i
		case t.key == `"` && double >= 0:
			quotes = appendQuote(quotes, tokens[double+1:i])
			double = -1
		case t.key == `"`:
			double = i
		case t.key == "'" && single < 0 && opens(tokens, i):
			single = i
		case t.key == "'" && single >= 0 && !opens(tokens, i):
			quotes = appendQuote(quotes, tokens[single+1:i])
			single = -1
		}
	}
	return sorted(quotes)
}

// opens reports whether an apostrophe stands before a word and after none.
func opens(tokens []token, i int) bool {
	return (tokens[i].spaced || i > 0 && tokens[i-1].kind == mark) && i+1 < len(tokens) && !tokens[i+1].spaced && tokens[i+1].kind != mark
}

func appendQuote(quotes []string, tokens []token) []string {
	if q := keysOf(tokens); q != "" {
		return append(quotes, q)
	}
	return quotes
}

// keysOf are the keys of words and numbers, with a blank before, between and after them.
func keysOf(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.kind != mark {
			b.WriteByte(' ')
			b.WriteString(t.key)
		}
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	return b.String()
}

// lacksQuote reports whether a question has nowhere what another one quotes, with or without marks.
func lacksQuote(q *Question, quotes []string) bool {
	searches := 0
	for _, quoted := range quotes {
		if contains(q.quotes, quoted) {
			continue
		}
		if searches++; searches > maxSearches || !strings.Contains(q.said, quoted) {
			return true
		}
	}
	return false
}
