package leak

import (
	"hash/maphash"

	"github.com/headgate/headgate/extproc/guard/content/phrase"
)

// hasher makes numbers of words, pairs and runs of words, which are the same if the words are, without
// case. It is safe for concurrent use.
type hasher struct {
	seed  maphash.Seed
	words int    // of a run
	drop  uint64 // factor to the words'th power
}

// factor is that of the polynomial by which a run is hashed: any odd number with many bits.
const factor = 0x9E3779B97F4A7C15

func newHasher(seed maphash.Seed, words int) hasher {
	h := hasher{seed: seed, words: words, drop: 1}
	for range words {
		h.drop *= factor
	}
	return h
}

// word makes a number of a word.
func (h *hasher) word(f *phrase.Folder, word []byte) uint64 {
	return maphash.Bytes(h.seed, f.Fold(word)) | 1
}

// pair makes a number of two words that follow each other.
func pair(a, b uint64) uint64 { return (a*factor+b)*factor + 2 }

// window is the last words of a text, as many as a run has.
type window struct {
	sum  uint64
	last []seenWord // a ring
	n    int        // words since the window was emptied
}

// seenWord is a word of a text.
type seenWord struct {
	hash  uint64
	start int // in the text
	chars int
}

func (h *hasher) newWindow() window { return window{last: make([]seenWord, h.words)} }

// push adds a word, and reports whether the window holds a run.
func (w *window) push(h *hasher, word seenWord) bool {
	at := &w.last[w.n%h.words]
	w.sum = w.sum*factor + word.hash
	if w.n >= h.words {
		w.sum -= at.hash * h.drop
	}
	*at = word
	w.n++
	return w.n >= h.words
}

// back returns the word that so many words precede the end, from 1, which is the last.
func (w *window) back(i int) seenWord { return w.last[(w.n-i)%len(w.last)] }

// empty takes all words out.
func (w *window) empty() { w.n, w.sum = 0, 0 }

// runs calls found for each run of a text.
func (h *hasher) runs(s []byte, found func(run uint64)) {
	var f phrase.Folder
	w := h.newWindow()
	for start, end := phrase.Next(s, 0); start < len(s); start, end = phrase.Next(s, end) {
		if w.push(h, seenWord{hash: h.word(&f, s[start:end])}) {
			found(w.sum)
		}
	}
}
