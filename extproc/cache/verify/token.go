package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	word   kind = iota // letters
	number             // digits, and letters that go with them
	mark               // any other character
)

// token is a word, a number or a mark of a text.
type token struct {
	kind   kind
	raw    string // as the folded text has it
	key    string // by which it is compared: a word without case, accents and contraction; a number as digits
	spaced bool   // a blank, or nothing, is before it
	first  bool   // a sentence begins with it
	last   bool   // no word or number is after it
	denies bool   // it is contracted with not
	tied   bool   // letters with digits at once after them, such as the B of B12
	unit   string // what was written at once after a number, as in 5km
}

// lexer cuts a folded text into tokens.
type lexer struct {
	text         string
	at           int
	commaDecimal bool // 1.000 is a thousand
	tokens       []token
	first        bool // a sentence begins
}

func tokenize(text string, commaDecimal bool) []token {
	l := lexer{text: text, commaDecimal: commaDecimal, first: true}
	l.tokens = make([]token, 0, len(text)/4+1)
	for l.at < len(l.text) {
		l.next()
	}
	for i := len(l.tokens) - 1; i >= 0; i-- {
		if l.tokens[i].kind != mark {
			l.tokens[i].last = true
			break
		}
	}
	return l.tokens
}

func (l *lexer) next() {
	r, n := utf8.DecodeRuneInString(l.text[l.at:])
	switch {
	case unicode.IsSpace(r):
		l.at += n
	case isDigit(r):
		l.number()
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
		l.word()
	default:
		l.add(token{kind: mark, raw: l.text[l.at : l.at+n], key: l.text[l.at : l.at+n]}, n)
		if strings.ContainsRune(".!?:;。！？।", r) && l.blankAt(l.at) {
			l.first = true
		}
	}
}

// add adds a token that takes n bytes.
func (l *lexer) add(t token, n int) {
	t.spaced = l.blankAt(l.at - 1)
	if t.kind != mark {
		t.first, l.first = l.first, false
	}
	l.tokens = append(l.tokens, t)
	l.at += n
}

// blankAt reports whether there is a blank, or nothing, at a place.
func (l *lexer) blankAt(i int) bool {
	return i < 0 || i >= len(l.text) || l.text[i] == ' ' || l.text[i] == '\n' || l.text[i] == '\t' || l.text[i] == '\r'
}

// letters returns the end of the run of letters from i on.
func (l *lexer) letters(i int) int {
	for i < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[i:])
		if isDigit(r) || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) {
			break
		}
		i += n
	}
	return i
}

func (l *lexer) digits(i int) int {
	for i < len(l.text) && l.text[i] >= '0' && l.text[i] <= '9' {
		i++
	}
	return i
}

func (l *lexer) is(i int, c byte) bool { return i < len(l.text) && l.text[i] == c }

func (l *lexer) word() {
	r, n := utf8.DecodeRuneInString(l.text[l.at:])
	if alone(r) {
		l.add(token{kind: word, raw: l.text[l.at : l.at+n], key: plain(l.text[l.at : l.at+n])}, n)
		return
	}
	end := l.letters(l.at)
	if end == l.at { // a character that is none of these by itself
		end += n
	}
	if end == l.at+1 && l.is(end, '.') {
		if initials, n := l.initials(); n > 0 {
			l.add(token{kind: word, raw: initials, key: plain(initials)}, n)
			return
		}
	}
	if l.is(end, '\'') {
		if more := l.letters(end + 1); more > end+1 {
			l.contracted(end, more)
			return
		}
	}
	t := token{kind: word, raw: l.text[l.at:end]}
	if d := l.digits(end); d > end {
		if more := l.letters(d); more > d && l.digits(more) > more { // such as a1b2
			l.mixed()
			return
		}
		t.tied = true
	}
	for l.is(end, '+') && end-l.at < 12 || l.is(end, '#') && end == l.at+1 { // C++, C#
		end++
	}
	if strings.HasSuffix(l.text[l.at:end], "+") && !strings.HasSuffix(l.text[l.at:end], "++") {
		end = l.at + len(t.raw)
	}
	t.raw = l.text[l.at:end]
	t.key = plain(t.raw)
	t.key, t.denies = uncontracted(t.key)
	l.add(t, end-l.at)
}

// initials reads U.S.A. or i.e. as one word of the letters.
func (l *lexer) initials() (letters string, n int) {
	var b strings.Builder
	i := l.at
	for i+1 < len(l.text) && l.letters(i) == i+1 && l.text[i+1] == '.' {
		b.WriteByte(l.text[i])
		i += 2
	}
	if i < len(l.text) && l.letters(i) == i+1 && b.Len() > 0 { // without the last point
		b.WriteByte(l.text[i])
		i++
	}
	if b.Len() < 2 || l.letters(i) > i {
		return "", 0
	}
	return b.String(), i - l.at
}

// contracted adds a word with an apostrophe in it: without the contraction or the 's of a genitive,
// or as two words if it is of those that French puts together.
func (l *lexer) contracted(apostrophe, end int) {
	before, after := plain(l.text[l.at:apostrophe]), plain(l.text[apostrophe+1:end])
	t := token{kind: word, raw: l.text[l.at:end]}
	switch {
	case contractions[after]:
		t.raw, t.key = l.text[l.at:apostrophe], before
		t.key, t.denies = uncontracted(t.key)
	case after == "t":
		t.key, t.denies = uncontracted(before + "t")
	case elided[before] && len(after) > 1:
		l.add(token{kind: word, raw: l.text[l.at:apostrophe], key: before}, apostrophe+1-l.at)
		l.add(token{kind: word, raw: l.text[l.at:end], key: after}, end-l.at)
		return
	default: // O'Brien
		t.key = before + after
	}
	l.add(t, end-l.at)
}

// mixed adds letters and digits that alternate as one number.
func (l *lexer) mixed() {
	end := l.at
	for {
		next := l.digits(l.letters(end))
		if next == end {
			break
		}
		end = next
	}
	l.add(token{kind: number, raw: l.text[l.at:end], key: plain(l.text[l.at:end])}, end-l.at)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// alone reports whether a character is a word by itself, because its script puts no blanks between
// words.
func alone(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func capital(raw string) bool {
	r, _ := utf8.DecodeRuneInString(raw)
	return unicode.IsUpper(r) || unicode.IsTitle(r)
}

// capitals reports whether a word has several letters, and they are capitals.
func capitals(raw string) bool {
	n := 0
	for _, r := range raw {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			n++
		}
	}
	return n > 1
}
