package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// around are marks that stand around a piece of code in a sentence and are none of it.
const around = "\"'`()[]{},;:?!."

// operators are pieces of code that have no letter.
var operators = set("&& || == === != !== => -> :: ++ -- += -= *= /= << >> <<= >>= ?? ?. |> <- <=> ** // := <= >=")

// fences cuts the code between backticks out of a folded text, and returns the text without
// backticks, too. As in Markdown, as many end it as have begun it.
func fences(text string) (code []string, rest string) {
	if !strings.Contains(text, "`") {
		return nil, text
	}
	for left := text; ; {
		open := strings.IndexByte(left, '`')
		if open < 0 {
			break
		}
		n := ticks(left[open:])
		left = left[open+n:]
		end := closing(left, n)
		if end < 0 {
			continue
		}
		if c := spaced(left[:end]); c != "" {
			code = append(code, c)
		}
		left = left[end+n:]
	}
	return code, strings.ReplaceAll(text, "`", " ")
}

// ticks is how many backticks a text begins with.
func ticks(text string) int { return len(text) - len(strings.TrimLeft(text, "`")) }

// closing is where the next n backticks are, no more and no fewer; -1: nowhere.
func closing(text string, n int) int {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '`')
		if i < 0 {
			return -1
		}
		from += i
		run := ticks(text[from:])
		if run == n {
			return from
		}
		from += run
	}
}

// spaced is a text with each run of blanks as one, in lower case.
func spaced(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// codesOf are the pieces of a text that are written as in programs, on the web and in a shell.
func codesOf(text string) (codes []string) {
	for field := range strings.FieldsSeq(text) {
		if operators[field] {
			codes = append(codes, field)
			continue
		}
		if c := trimmed(field); coded(c) {
			codes = append(codes, exact(c))
		}
	}
	return codes
}

// trimmed is a field without the marks of the sentence around it.
func trimmed(field string) string {
	if len(field) > 2 && field[0] == '<' && field[len(field)-1] == '>' {
		return field
	}
	begun := strings.TrimLeft(field, "\"'`([{,;:?!")
	ended := strings.TrimRight(begun, around)
	if strings.HasPrefix(begun[len(ended):], "()") {
		return begun[:len(ended)+2]
	}
	return ended
}

// exact is a piece of code as it is compared: a flag of one letter with its case, all else without.
func exact(code string) string {
	if len(code) == 2 && code[0] == '-' {
		return code
	}
	return strings.ToLower(code)
}

// coded reports whether a field is code rather than words.
func coded(c string) bool {
	if len(c) < 2 || !strings.ContainsFunc(c, unicode.IsLetter) {
		return false
	}
	return sigil(c) || strings.Contains(c, "://") || strings.HasSuffix(c, "()") || strings.ContainsAny(c, `\_=|{}<`) ||
		strings.Contains(c, "::") || strings.Contains(c, "->") || strings.Contains(c, "&&") ||
		strings.Count(c, "/") > 1 || strings.Index(c, "@") > 0 || inner(c) || dotted(c)
}

// sigil reports whether a field begins as a flag, a path, a variable, a tag or the like does.
func sigil(c string) bool {
	next, _ := utf8.DecodeRuneInString(c[1:])
	letter := unicode.IsLetter(next)
	switch c[0] {
	case '-':
		return letter || len(c) > 2 && c[1] == '-' && c[2] != '-'
	case '/', '$', '#', '@', '*', '<':
		return letter || c[0] == '*' && next == '.'
	case '.', '~':
		return letter || next == '/' || next == '.' && len(c) > 2 && c[2] == '/'
	case '%':
		return len(c) == 2 && letter
	}
	return len(c) > 2 && c[1] == ':' && c[2] == '\\'
}

// inner reports whether a word has a capital after a small letter, as in camelCase.
func inner(c string) bool {
	small := false
	for _, r := range c {
		if unicode.IsUpper(r) && small {
			return true
		}
		if !unicode.IsLetter(r) {
			return false
		}
		small = unicode.IsLower(r)
	}
	return false
}

// dotted reports whether a field has a point between letters, as in main.go. Initials and a blank
// left out after a sentence are none of it.
func dotted(c string) bool {
	for i := 1; i+1 < len(c); i++ {
		if c[i] != '.' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(c[:i])
		after, _ := utf8.DecodeRuneInString(c[i+1:])
		long := i > 1 && c[max(0, i-2)] != '.' || len(c) > i+2 && c[i+2] != '.'
		if long && (unicode.IsLetter(before) || unicode.IsDigit(before)) && unicode.IsLetter(after) && (!unicode.IsUpper(after) || unicode.IsUpper(before)) {
			return true
		}
	}
	return false
}

// lacksCode reports whether a question has nowhere the code that another one has.
func lacksCode(q *Question, codes []string) bool {
	searches := 0
	for _, c := range codes {
		if contains(q.codes, c) {
			continue
		}
		if searches++; searches > maxSearches || !q.writes(c) && !(lettered(c) && q.hasName(c)) {
			return true
		}
	}
	return false
}

// lettered reports whether a piece of code is letters alone.
func lettered(c string) bool {
	return !strings.ContainsFunc(c, func(r rune) bool { return !unicode.IsLetter(r) })
}

// writes reports whether a question has a piece of code somewhere, whole.
func (q *Question) writes(code string) bool {
	if len(code) == 2 && code[0] == '-' { // a flag has its case, and the text has none
		return false
	}
	for from := 0; ; {
		i := strings.Index(q.text[from:], code)
		if i < 0 {
			return false
		}
		i += from
		if !within(q.text, i, i+len(code), code) {
			return true
		}
		from = i + len(code)
	}
}

// within reports whether a place in a text is in a word, so that a letter or digit of it is at once
// before or after.
func within(text string, start, end int, code string) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	first, _ := utf8.DecodeRuneInString(code)
	last, _ := utf8.DecodeLastRuneInString(code)
	return alnum(first) && alnum(before) || alnum(last) && alnum(after)
}

func alnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
