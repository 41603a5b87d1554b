package onepass

import "github.com/headgate/headgate/extproc/guard/content"

// Search is one way through a text. What touched the end of the text, and that alone, may be decided
// otherwise once more of the text is known. It serves one goroutine.
type Search struct {
	Text    []byte
	On      Kinds
	End     int  // of the last finding: nothing begins before
	Touched bool // the candidate at hand has read the end of the text
	Work    int  // bytes read ahead or back

	scanner *Scanner
	out     []content.Finding
	blind   bool // findings are not kept: only open is asked for
	begin   int  // what begins before is context: it is found no more
	open    int  // the first place that the rest of the text decides
	best    candidate
}

// candidate is what a finding would be; with an end of 0 there is none.
type candidate struct {
	end   int
	kind  Kind
	score float64
}

// Begin begins the search, which must be zero, with what a Walk is given.
func (p *Search) Begin(sc *Scanner, s []byte, from int, dst []content.Finding, blind bool) {
	p.Text, p.On, p.scanner, p.out = s, sc.on, sc, dst
	p.blind, p.begin, p.open = blind, from, len(s)
}

// Result returns what a Walk returns.
func (p *Search) Result() (found []content.Finding, open, work int) { return p.out, p.open, p.Work }

// At reads a byte; after the end of the text there is 0, which belongs to no class.
func (p *Search) At(i int) byte {
	p.Work++
	if i < len(p.Text) {
		return p.Text[i]
	}
	p.Touched = true
	return 0
}

// Before returns the byte before i; 0: there is none.
func (p *Search) Before(i int) byte {
	p.Work++
	if i > 0 {
		return p.Text[i-1]
	}
	return 0
}

// Offer makes a finding of the candidate at hand, if there is none that is surer, or as sure and
// longer.
func (p *Search) Offer(end int, k Kind, score float64) {
	if p.On.Has(k) && (score > p.best.score || score == p.best.score && end > p.best.end) {
		p.best = candidate{end, k, score}
	}
}

// Take ends the candidates that begin at i, and returns where to go on: after the best of them,
// or at next.
func (p *Search) Take(i, next int) int {
	if p.Touched {
		p.Note(i)
	}
	best := p.best
	p.best, p.Touched = candidate{}, false
	if best.end == 0 || i < p.begin && best.end > p.begin {
		return next
	}
	p.End = best.end
	if !p.blind && i >= p.begin {
		p.out = append(p.out, content.Finding{Start: i, End: best.end, Type: p.scanner.types[best.kind].Name, Score: best.score})
	}
	return best.end
}

// Note notes that the rest of the text decides what begins at i.
func (p *Search) Note(i int) {
	if i >= p.begin {
		p.open = min(p.open, i)
	}
}
