package detector

import (
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
)

const (
	// MinBytes is the least that Options.MaxBytes may be: so small that a test splits, and large
	// enough that an overlap is a small part.
	MinBytes = 1 << 10
	// overlap is how many bytes two pieces of a text share: a name or a sentence at their border
	// is whole in one of them.
	overlap = 256
)

// Piece is what a question asks about: a text, or a part of one that is over the bound. It is a
// copy: a text of a subject is gone when its exchange is.
type Piece struct {
	Kind  content.Kind
	Role  string
	Path  string
	Plain string
}

// part is a piece of a subject's text, and where in the text it begins.
type part struct {
	text, offset int
	entry        *entry
}

// entry is one thing to ask about, and what was answered. Parts that are equal share one, unless
// nothing is remembered.
type entry struct {
	key    key
	text   *content.Text
	plain  []byte
	answer *Answer // nil: none is known
}

// asked is a subject in the parts that are asked about.
type asked struct{ parts []part }

// split cuts a subject into parts within the bound, and fills in what is remembered of them. An
// empty text has no part.
func (d *Detector) split(s *content.Subject) *asked {
	a := &asked{}
	known := map[key]*entry{}
	for i := range s.Texts {
		for offset, plain := range pieces(s.Texts[i].Plain, d.o.MaxBytes) {
			e := d.entry(s, &s.Texts[i], plain)
			if first, ok := known[e.key]; ok && d.o.Remember > 0 {
				e = first
			} else {
				known[e.key] = e
				d.recall(e)
			}
			a.parts = append(a.parts, part{i, offset, e})
		}
	}
	return a
}

func (d *Detector) entry(s *content.Subject, t *content.Text, plain []byte) *entry {
	e := &entry{text: t, plain: plain}
	var context []string
	if d.o.Context != nil {
		context = d.o.Context(s, t)
	}
	e.key = keyOf(d.o.ID, context, plain)
	return e
}

// recall fills in an answer that is remembered.
func (d *Detector) recall(e *entry) {
	if d.o.Remember == 0 {
		return
	}
	if e.answer = d.shared.answers.get(e.key); e.answer != nil {
		d.metrics.remembered.Inc()
	}
}

// pieces yields the pieces of a text of at most n bytes with their offsets. They begin and end
// between characters, and share the overlap.
func pieces(text []byte, n int) func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		for at := 0; at < len(text); {
			end := at + n
			if end >= len(text) {
				yield(at, text[at:])
				return
			}
			end = boundary(text, end)
			if !yield(at, text[at:end]) {
				return
			}
			at = boundary(text, end-overlap)
		}
	}
}

// boundary returns the last place up to at where a character begins.
func boundary(text []byte, at int) int {
	for i := range utf8.UTFMax {
		if utf8.RuneStart(text[at-i]) {
			return at - i
		}
	}
	return at // not UTF-8: any place is as good
}

// unknown returns what is to be asked, each once.
func (a *asked) unknown() []*entry {
	var all []*entry
	seen := map[*entry]bool{}
	for _, p := range a.parts {
		if p.entry.answer == nil && !seen[p.entry] {
			seen[p.entry] = true
			all = append(all, p.entry)
		}
	}
	return all
}

// batches groups what is to be asked into calls, in order.
func (d *Detector) batches(entries []*entry) [][]*entry {
	var all [][]*entry
	begin, size := 0, 0
	for i, e := range entries {
		full := size+len(e.plain) > d.o.MaxBytes || d.o.MaxPieces > 0 && i-begin == d.o.MaxPieces
		if full {
			all = append(all, entries[begin:i])
			begin, size = i, 0
		}
		size += len(e.plain)
	}
	if begin < len(entries) {
		all = append(all, entries[begin:])
	}
	return all
}

// question copies what a call needs of a subject.
func question(s *content.Subject, batch []*entry) *Question {
	q := &Question{Output: s.Output, Exchange: s.Exchange, Model: s.Model, Caller: s.Caller, Team: s.Team, Pieces: make([]Piece, len(batch))}
	for i, e := range batch {
		q.Pieces[i] = Piece{Kind: e.text.Kind, Role: e.text.Role, Path: e.text.Path, Plain: string(e.plain)}
	}
	return q
}
