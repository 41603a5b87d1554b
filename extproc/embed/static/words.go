package static

import (
	"unicode"
	"unicode/utf8"
)

// words splits a text as the teacher's tokenizer does (BERT's, uncased): without controls, accents
// and capitals; at blanks; each punctuation mark and each Chinese character is a word by itself.
type words struct {
	letters letters
	alone   rune // read, and the next word; 0: none
	buffer  [maxWord * utf8.UTFMax]byte
	size    int // of the word, in bytes
	count   int // of the word's letters, which go beyond maxWord by one at most
}

// next goes to the next word, and reports whether there is one.
func (w *words) next() bool {
	w.size, w.count = 0, 0
	if w.alone != 0 {
		w.put(w.alone)
		w.alone = 0
		return true
	}
	for {
		r, ok := w.letters.next()
		switch {
		case !ok, r == ' ':
			if w.count > 0 || !ok {
				return w.count > 0
			}
		case !standsAlone(r):
			w.put(r)
		case w.count > 0:
			w.alone = r
			return true
		default:
			w.put(r)
			return true
		}
	}
}

// put adds a letter to the word. Of a word that is too long it keeps that alone.
func (w *words) put(r rune) {
	if w.count == maxWord {
		w.size = 0
		return
	}
	w.size += utf8.EncodeRune(w.buffer[w.size:], r)
	w.count++
}

// word is the word, until next is called. It is empty if the word has too many letters.
func (w *words) word() []byte { return w.buffer[:w.size] }

// standsAlone reports whether a letter is a word by itself.
func standsAlone(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return unicode.IsPunct(r) || isChinese(r)
}

// isChinese reports whether a letter is of the blocks of Chinese characters that BERT's tokenizer
// names, which are not all that there are.
func isChinese(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r >= 0x20000 && r <= 0x2A6DF ||
		r >= 0x2A700 && r <= 0x2B73F || r >= 0x2B740 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F
}
