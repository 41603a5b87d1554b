package leak

import (
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/phrase"
)

// maxIndexed bounds the words of a prompt that are looked for, and so the memory that one exchange
// takes: what comes after them may be repeated.
const maxIndexed = 1 << 16

// index holds the words of a prompt, its pairs of words and its runs.
type index map[uint64]struct{}

func (x index) has(hash uint64) bool {
	_, ok := x[hash]
	return ok
}

// index makes the index of system texts, without the runs that others have, too.
func (g *Guard) index(system, own []content.Text) index {
	size := 0
	for i := range system {
		size += len(system[i].Plain)
	}
	x := make(index, min(size/2, 3*maxIndexed))
	left := maxIndexed
	for i := range system {
		left = g.add(x, system[i].Plain, left)
	}
	for i := range own {
		g.hash.runs(own[i].Plain, func(run uint64) { delete(x, run) })
	}
	for _, run := range g.allow {
		delete(x, run)
	}
	return x
}

// add adds a text of which so many words count, and returns how many are left for others.
func (g *Guard) add(x index, s []byte, left int) int {
	var f phrase.Folder
	w := g.hash.newWindow()
	for start, end := phrase.Next(s, 0); start < len(s) && left > 0; start, end = phrase.Next(s, end) {
		word := g.hash.word(&f, s[start:end])
		x[word] = struct{}{}
		if w.n > 0 {
			x[pair(w.back(1).hash, word)] = struct{}{}
		}
		if w.push(&g.hash, seenWord{hash: word}) {
			x[w.sum] = struct{}{}
		}
		left--
	}
	return left
}
