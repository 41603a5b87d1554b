package static

import (
	"strings"
	"unicode/utf8"
)

// inside marks the pieces of a vocabulary that do not begin a word.
const inside = "##"

// maxWord is how many letters a word may have. A longer one is unknown, as it is to the teacher.
const maxWord = 100

// vocabulary is a list of pieces of words, as WordPiece has it.
type vocabulary struct {
	begin, inside prefixes
}

// prefixes are pieces by their bytes. It is looked up for the longest that a text begins with.
type prefixes struct {
	pieces  map[string]int32
	longest int // in bytes
}

func newVocabulary(pieces []string) *vocabulary {
	v := &vocabulary{begin: newPrefixes(), inside: newPrefixes()}
	for i, piece := range pieces {
		if rest, ok := strings.CutPrefix(piece, inside); ok && rest != "" {
			v.inside.put(rest, int32(i))
		} else {
			v.begin.put(piece, int32(i))
		}
	}
	return v
}

func newPrefixes() prefixes { return prefixes{pieces: map[string]int32{}} }

func (p *prefixes) put(piece string, number int32) {
	p.pieces[piece] = number
	p.longest = max(p.longest, len(piece))
}

// find finds the longest piece with which a text begins; a length of 0: there is none.
func (p *prefixes) find(text []byte) (piece int32, length int) {
	for n := min(len(text), p.longest); n > 0; n-- {
		if n < len(text) && !utf8.RuneStart(text[n]) {
			continue
		}
		if piece, ok := p.pieces[string(text[:n])]; ok {
			return piece, n
		}
	}
	return 0, 0
}

// split splits a word into its longest pieces, from left to right, and returns how many there are.
// A word with a part that is no piece is unknown as a whole, and has none.
func (v *vocabulary) split(to *[maxWord]int32, word []byte) (n int) {
	from := &v.begin
	for at := 0; at < len(word); n++ {
		piece, length := from.find(word[at:])
		if length == 0 {
			return 0
		}
		to[n] = piece
		at += length
		from = &v.inside
	}
	return n
}
