package leak

import (
	"sync"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/phrase"
)

const (
	// charsPerWord is how many letters and digits a run must have, for each word that makes it one:
	// short common phrases are shorter.
	charsPerWord = 4
	// longest is how many times as long as a run what is found may be, and so what a stream holds
	// back: the rest of a longer one is found by itself.
	longest = 4
)

// Scanner finds leaks in the answers of one exchange. It is safe for concurrent use.
type Scanner struct {
	guard       *Guard
	system, own []content.Text
	once        sync.Once
	index       index
}

var _ content.Resumer = (*Scanner)(nil)

// Scan implements content.Scanner.
func (c *Scanner) Scan(dst []content.Finding, s []byte) []content.Finding {
	return c.ScanFrom(dst, s, 0)
}

// Hold implements content.Scanner.
func (c *Scanner) Hold(s []byte) int { return c.HoldFrom(s, 0) }

// ScanFrom implements content.Resumer.
func (c *Scanner) ScanFrom(dst []content.Finding, s []byte, from int) []content.Finding {
	first := len(dst)
	r := c.run(s, from, false, func(start, end int) {
		dst = append(dst, content.Finding{Start: start, End: end, Type: Prompt, Score: 1})
	})
	r.close()
	if c.guard.canary == nil {
		return dst
	}
	dst = c.canaries(dst, s, from)
	return dst[:first+len(content.Disjoint(dst[first:]))]
}

// canaries appends the canaries that begin at from or after it.
func (c *Scanner) canaries(dst []content.Finding, s []byte, from int) []content.Finding {
	first := len(dst)
	dst = c.guard.canary.Scan(dst, s)
	kept := dst[:first]
	for _, f := range dst[first:] {
		if f.Start >= from {
			kept = append(kept, f)
		}
	}
	return kept
}

// HoldFrom implements content.Resumer.
func (c *Scanner) HoldFrom(s []byte, from int) int {
	s = content.Whole(s)
	var found []content.Finding
	r := c.run(s, from, true, func(start, end int) { found = append(found, content.Finding{Start: start, End: end}) })
	hold := r.hold()
	if c.guard.canary == nil {
		return hold
	}
	return content.Outside(c.canaries(found, s, from), max(from, min(hold, c.guard.canary.Hold(s))))
}

// run reads a text from a place on. If more of it may follow, its last word may go on.
func (c *Scanner) run(s []byte, from int, more bool, found func(start, end int)) *reader {
	c.once.Do(func() { c.index = c.guard.index(c.system, c.own) })
	r := &reader{hasher: &c.guard.hash, index: c.index, found: found, end: len(s)}
	if len(c.index) == 0 {
		return r
	}
	r.window = r.hasher.newWindow()
	var f phrase.Folder
	for start, end := phrase.Next(s, from); start < len(s); start, end = phrase.Next(s, end) {
		if more && end == len(s) {
			r.end = start
			break
		}
		r.word(seenWord{r.hasher.word(&f, s[start:end]), start, utf8.RuneCount(s[start:end])}, end)
	}
	return r
}

// reader reads the words of an answer.
type reader struct {
	hasher *hasher
	index  index
	window window
	found  func(start, end int)
	end    int // of what was read; the place of a word that may go on

	chain int // last words that follow each other in the prompt, as far as pairs show
	// The repetition under way: words is 0 if there is none.
	words, chars, start, stop int
}

// word takes a word that ends at a place. A repetition goes on as long as each run in it is of the
// prompt. After it a new one begins with words of its own, so that a stream can go on there.
func (r *reader) word(w seenWord, end int) {
	r.link(w)
	hit := r.window.push(r.hasher, w) && r.index.has(r.window.sum)
	switch {
	case hit && r.words == 0:
		r.begin(end)
	case hit:
		r.words, r.chars, r.stop = r.words+1, r.chars+w.chars, end
	case r.words > 0:
		r.close()
		r.link(w)
		r.window.push(r.hasher, w)
	}
	if r.words >= longest*r.hasher.words {
		r.close()
	}
}

// link counts the words that may be the beginning of a run.
func (r *reader) link(w seenWord) {
	switch {
	case !r.index.has(w.hash):
		r.chain = 0
	case r.chain > 0 && r.window.n > 0 && r.index.has(pair(r.window.back(1).hash, w.hash)):
		r.chain++
	default:
		r.chain = 1
	}
}

// begin begins a repetition with the words of the window.
func (r *reader) begin(end int) {
	n := r.hasher.words
	r.words, r.chars, r.start, r.stop = n, 0, r.window.back(n).start, end
	for i := 1; i <= n; i++ {
		r.chars += r.window.back(i).chars
	}
}

// close ends the repetition under way, if there is one.
func (r *reader) close() {
	if r.words > 0 && r.chars >= charsPerWord*r.hasher.words {
		r.found(r.start, r.stop)
	}
	r.words, r.chain = 0, 0
	r.window.empty()
}

// hold returns where a repetition may have begun.
func (r *reader) hold() int {
	switch n := min(r.chain, r.hasher.words-1, r.window.n); {
	case r.words > 0:
		return r.start
	case n > 0:
		return r.window.back(n).start
	default:
		return r.end
	}
}
