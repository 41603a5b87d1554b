package phrase

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/headgate/headgate/extproc/guard/content"
)

const (
	// MaxWords is how many words a phrase may have.
	MaxWords = 16
	// MaxBytes is how long a phrase may be.
	MaxBytes = 256
	// MaxGap is how many bytes may stand between two words of a phrase in a text.
	MaxGap = 32
)

// A List finds its phrases in texts. It is a content.Scanner, of findings of one type.
//
// Phrases that overlap are each found: the later one without what the earlier one has. So a
// finding depends on nothing but the text around it.
type List struct {
	kind   string
	words  map[string]uint32 // folded
	sorted []string          // the same
	edges  map[edge]uint32   // of the tree whose nodes are beginnings of phrases; 0 is the root
	ends   []bool            // by node: a phrase ends there
	inner  []bool            // by node: a longer phrase begins so
	bound  int               // bytes of the longest word, in any form
	folds  sync.Pool         // of *Folder
}

var _ content.Scanner = (*List)(nil)

type edge struct{ node, word uint32 }

// NewList makes a list of phrases, whose findings are of one type. The error is of the first
// phrase that is none.
func NewList(kind string, phrases []string) (*List, error) {
	l := &List{kind: kind, words: map[string]uint32{}, edges: map[edge]uint32{}, ends: make([]bool, 1), inner: make([]bool, 1)}
	l.folds.New = func() any { return new(Folder) }
	for _, p := range phrases {
		if err := Check(p); err != nil {
			return nil, fmt.Errorf("%q: %w", p, err)
		}
		l.add([]byte(p))
	}
	slices.Sort(l.sorted)
	return l, nil
}

// Check returns what is wrong with a phrase.
func Check(phrase string) error {
	if len(phrase) > MaxBytes {
		return fmt.Errorf("a phrase has at most %d bytes", MaxBytes)
	}
	n, s := 0, []byte(phrase)
	for start, end := Next(s, 0); start < len(s); start, end = Next(s, end) {
		n++
	}
	switch {
	case n == 0:
		return errors.New("there is no letter and no digit in it")
	case n > MaxWords:
		return fmt.Errorf("a phrase has at most %d words", MaxWords)
	}
	return nil
}

func (l *List) add(s []byte) {
	var f Folder
	node := uint32(0)
	for start, end := Next(s, 0); start < len(s); start, end = Next(s, end) {
		l.inner[node] = node != 0
		node = l.child(node, l.word(string(f.Fold(s[start:end]))))
	}
	l.ends[node] = true
}

// word returns the number of a word, from 1.
func (l *List) word(folded string) uint32 {
	id, ok := l.words[folded]
	if !ok {
		id = uint32(len(l.words) + 1)
		l.words[folded] = id
		l.sorted = append(l.sorted, folded)
		l.bound = max(l.bound, 4*len(folded)) // a letter of one byte has forms of four
	}
	return id
}

func (l *List) child(node, word uint32) uint32 {
	next, ok := l.edges[edge{node, word}]
	if !ok {
		next = uint32(len(l.ends))
		l.edges[edge{node, word}] = next
		l.ends, l.inner = append(l.ends, false), append(l.inner, false)
	}
	return next
}

// Scan implements content.Scanner.
func (l *List) Scan(dst []content.Finding, s []byte) []content.Finding {
	f, _ := l.folds.Get().(*Folder)
	defer l.folds.Put(f)
	last := 0
	for start, end := Next(s, 0); start < len(s); start, end = Next(s, end) {
		if to, _ := l.match(f, s, start, end, false); to > last {
			if start < last {
				start, _ = Next(s, last)
			}
			dst = append(dst, content.Finding{Start: start, End: to, Type: l.kind, Score: 1})
			last = to
		}
	}
	return dst
}

// Hold implements content.Scanner.
func (l *List) Hold(s []byte) int {
	f, _ := l.folds.Get().(*Folder)
	defer l.folds.Put(f)
	s = content.Whole(s)
	last := 0
	for start, end := Next(s, 0); start < len(s); start, end = Next(s, end) {
		to, open := l.match(f, s, start, end, true)
		if open {
			return max(start, last)
		}
		last = max(last, to)
	}
	return len(s)
}

// match returns where the longest phrase ends that begins with a word of s, 0 if none does, and
// whether what follows s may change that, if more follows.
func (l *List) match(f *Folder, s []byte, start, end int, more bool) (to int, open bool) {
	for node := uint32(0); ; {
		next, may := l.step(f, node, s[start:end], more && end == len(s))
		if may {
			return to, true
		}
		if next == 0 {
			return to, false
		}
		if node = next; l.ends[node] {
			to = end
		}
		if !l.inner[node] {
			return to, false
		}
		from := end
		start, end = Next(s, end)
		if start-from > MaxGap {
			return to, false
		}
		if start == len(s) {
			return to, true
		}
	}
}

// step returns the node that a word leads to, 0 for none. Of a word that may go on it returns
// whether it may become one that leads somewhere.
func (l *List) step(f *Folder, node uint32, word []byte, goesOn bool) (next uint32, may bool) {
	if len(word) > l.bound {
		return 0, false
	}
	folded := f.Fold(word)
	if goesOn {
		return 0, l.begins(base(folded))
	}
	id, ok := l.words[string(folded)]
	if !ok {
		return 0, false
	}
	return l.edges[edge{node, id}], false
}

// begins reports whether a word of the list begins so.
func (l *List) begins(text []byte) bool {
	i := sort.Search(len(l.sorted), func(i int) bool { return l.sorted[i] >= string(text) })
	return i < len(l.sorted) && strings.HasPrefix(l.sorted[i], string(text))
}
