package static

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters reads a text letter by letter: decomposed (NFD), without accents (Mn), in lower case,
// without controls, with every blank as a space.
type letters struct {
	text string // not yet read
	// queue has what the letter that was read last decomposes into, from head to tail.
	queue      [maxParts]rune
	head, tail int
}

// maxParts is how many letters one decomposes into at most.
const maxParts = 4

// next returns the next letter; ok is false at the end.
func (l *letters) next() (r rune, ok bool) {
	for l.head < l.tail || l.fill() {
		r = l.queue[l.head]
		l.head++
		if r < utf8.RuneSelf || !unicode.Is(unicode.Mn, r) {
			return unicode.ToLower(r), true
		}
	}
	return 0, false
}

// fill reads a letter that is no control into the empty queue, and reports whether there was one.
func (l *letters) fill() bool {
	for l.text != "" {
		r, size := utf8.DecodeRuneInString(l.text)
		letter := l.text[:size]
		l.text = l.text[size:]
		l.head, l.tail = 0, 0
		switch {
		case isBlank(r):
			l.push(' ')
		case isControl(r):
			continue
		case r < utf8.RuneSelf:
			l.push(r)
		default:
			l.decompose(r, letter)
		}
		return true
	}
	return false
}

func (l *letters) push(r rune) {
	l.queue[l.tail] = r
	l.tail++
}

func (l *letters) decompose(r rune, letter string) {
	if r >= hangulFirst && r <= hangulLast {
		l.decomposeHangul(r - hangulFirst)
		return
	}
	parts := norm.NFD.PropertiesString(letter).Decomposition()
	if parts == nil {
		l.push(r)
	}
	for len(parts) > 0 {
		part, size := utf8.DecodeRune(parts)
		l.push(part)
		parts = parts[size:]
	}
}

// Syllables of Hangul are decomposed by arithmetic (The Unicode Standard, 3.12): the tables of
// norm do not have them.
const (
	hangulFirst, hangulLast         = 0xAC00, 0xD7A3
	leadFirst, vowelFirst, tailNone = 0x1100, 0x1161, 0x11A7
	vowels, tails                   = 21, 28
)

func (l *letters) decomposeHangul(syllable rune) {
	l.push(leadFirst + syllable/(vowels*tails))
	l.push(vowelFirst + syllable/tails%vowels)
	if tail := syllable % tails; tail > 0 {
		l.push(tailNone + tail)
	}
}

// isBlank reports whether a letter separates words. Other controls that Unicode counts among the
// blanks, such as form feed, are dropped like all controls.
func isBlank(r rune) bool {
	if r < utf8.RuneSelf {
		return r == ' ' || r == '\t' || r == '\n' || r == '\r'
	}
	return unicode.Is(unicode.Z, r)
}

// isControl reports whether a letter is dropped: controls, formats, and what stands for bytes that
// are no UTF-8.
func isControl(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7F
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}
