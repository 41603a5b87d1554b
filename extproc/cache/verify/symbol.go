package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// symbolsOf are the symbols that tokens ask about or calculate with: signs of arithmetic beside a
// number or a variable, emoji and other signs that are no marks of a sentence, and such marks that
// stand alone within one.
func symbolsOf(tokens []token) (symbols []string) {
	for i, t := range tokens {
		if t.kind != mark {
			continue
		}
		r, _ := utf8.DecodeRuneInString(t.key)
		switch {
		case r >= utf8.RuneSelf && (unicode.IsSymbol(r) || r == '§' || r == '¶') && currencies[t.key] == "" && r != '°',
			strings.ContainsRune("+*/=<>^", r) && (operand(tokens, i-1) || operand(tokens, i+1)),
			r == '-' && operand(tokens, i-1) && operand(tokens, i+1),
			strings.ContainsRune(";:&|~#@%^!?+*/=<>", r) && standsAlone(tokens, i):
			symbols = append(symbols, t.key)
		}
	}
	return sorted(symbols)
}

// operand reports whether a token is a number or a letter.
func operand(tokens []token, i int) bool {
	return i >= 0 && i < len(tokens) && (tokens[i].kind == number || tokens[i].kind == word && len(tokens[i].key) == 1)
}

// standsAlone reports whether blanks are around a mark within a sentence.
func standsAlone(tokens []token, i int) bool {
	return tokens[i].spaced && i > 0 && i+1 < len(tokens) && tokens[i+1].spaced && tokens[i+1].kind != mark && !tokens[i+1].first
}

// symbolsDiffer reports whether each of two questions has a symbol that the other lacks.
func symbolsDiffer(a, b []string) bool { return lacks(a, b) && lacks(b, a) }

// lacks reports whether a sorted list lacks an element of another one.
func lacks(list, of []string) bool {
	for _, e := range of {
		if !contains(list, e) {
			return true
		}
	}
	return false
}
