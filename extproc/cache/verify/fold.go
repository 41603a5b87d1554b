package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// marks are the forms of quotation marks, apostrophes and dashes, and what each is read as.
var marks = strings.NewReplacer(
	"“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "「", `"`, "」", `"`, "『", `"`, "』", `"`, "〝", `"`, "〞", `"`,
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "‹", "'", "›", "'", "ʼ", "'", "´", "'", "′", "'", "″", `"`,
	"−", "-", "‐", "-", "‑", "-", "–", "-", "—", " - ", "―", " - ",
	"⁄", "/", "×", "*", "÷", "/",
)

// ordinalMarks make an ordinal of a number, and would become letters of it.
var ordinalMarks = strings.NewReplacer("º", "", "ª", "")

// fold writes a text in one way: full-width and composed characters as common ones, superscript
// digits after ^, quotation marks and dashes as ASCII has them, and nothing that has no width.
func fold(text string) string {
	if ascii(text) {
		return text
	}
	text = norm.NFKC.String(superscripts(ordinalMarks.Replace(strings.ToValidUTF8(text, " "))))
	return marks.Replace(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹"

// superscripts puts ^ before superscript digits, which would else become part of the number
// before them.
func superscripts(text string) string {
	if !strings.ContainsAny(text, raised) {
		return text
	}
	var b strings.Builder
	up := false
	for _, r := range text {
		if now := strings.ContainsRune(raised, r); now != up {
			if up = now; up {
				b.WriteByte('^')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain is a word in lower case and without accents.
func plain(word string) string {
	word = strings.ToLower(word)
	if ascii(word) {
		return word
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(word) {
		switch {
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ς':
			b.WriteRune('σ')
		case r == 'ı':
			b.WriteByte('i')
		case r < 0x300 || r > 0x36f: // the accents of Latin, Greek and Cyrillic letters
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}
