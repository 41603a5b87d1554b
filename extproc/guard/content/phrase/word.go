package phrase

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Next returns the first word of s from i on, which must not be within a word; start is len(s) if
// there is none.
func Next(s []byte, i int) (start, end int) {
	for i < len(s) {
		if s[i] < utf8.RuneSelf && ascii[s[i]] == between {
			i++
			continue
		}
		kind, n := classify(s[i:])
		if kind == joined {
			return i, run(s, i+n)
		}
		if kind == alone {
			return i, marks(s, i+n)
		}
		i += n
	}
	return len(s), len(s)
}

// class is what a character is to words.
type class uint8

const (
	between class = iota // words
	joined               // with its neighbours to a word
	alone                // a word by itself, with the marks that follow
)

// ascii are the classes of ASCII.
var ascii = func() (all [utf8.RuneSelf]class) {
	for c := range all {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			all[c] = joined
		}
	}
	return all
}()

// unspaced are the scripts that put no blanks between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

func classify(s []byte) (class, int) {
	if s[0] < utf8.RuneSelf {
		return ascii[s[0]], 1
	}
	r, n := utf8.DecodeRune(s)
	switch {
	case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
		return between, n
	case r >= 0xE00 && !unicode.IsMark(r) && unicode.In(r, unspaced...):
		return alone, n
	}
	return joined, n
}

// run returns the end of the word that has come to i.
func run(s []byte, i int) int {
	for i < len(s) {
		if s[i] < utf8.RuneSelf && ascii[s[i]] == joined {
			i++
			continue
		}
		kind, n := classify(s[i:])
		if kind != joined {
			break
		}
		i += n
	}
	return i
}

// marks returns the end of the marks that begin at i.
func marks(s []byte, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRune(s[i:])
		if !unicode.IsMark(r) {
			break
		}
		i += n
	}
	return i
}

// A Folder folds words. It is not safe for concurrent use; the zero Folder is ready.
type Folder struct{ plain, out []byte }

// Fold returns a word as it is compared: without case, ligatures and other forms of the same
// characters. It holds until the next call.
func (f *Folder) Fold(word []byte) []byte {
	f.out = f.out[:0]
	for i, c := range word {
		if c >= utf8.RuneSelf {
			f.foldRest(word[i:])
			break
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		f.out = append(f.out, c)
	}
	return f.out
}

func (f *Folder) foldRest(word []byte) {
	f.plain = norm.NFKD.Append(f.plain[:0], word...)
	for i := 0; i < len(f.plain); {
		r, n := utf8.DecodeRune(f.plain[i:])
		i += n
		if r == 'ß' || r == 'ẞ' {
			f.out = append(f.out, "ss"...)
			continue
		}
		f.out = utf8.AppendRune(f.out, unicode.ToLower(unicode.ToUpper(r)))
	}
}

// base returns a folded word without the marks at its end: more of them may follow and are then
// put in order, so that only what comes before them is sure to begin the whole word.
func base(folded []byte) []byte {
	for len(folded) > 0 {
		r, n := utf8.DecodeLastRune(folded)
		if !unicode.IsMark(r) {
			break
		}
		folded = folded[:len(folded)-n]
	}
	return folded
}
