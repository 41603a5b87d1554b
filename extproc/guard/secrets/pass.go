package secrets

import (
	"bytes"

	"github.com/headgate/headgate/extproc/guard/content"
)

// pass is one way through a text, from left to right. A finding is decided by its own bytes, by
// at most 64 before it and by what is read through at after it: so what touched the end of the
// text, and that alone, may be decided otherwise once more of the text is known.
type pass struct {
	s       []byte
	on      kinds
	out     []content.Finding
	blind   bool // findings are not kept: only open is asked for
	begin   int  // what begins before is context: it is found no more
	open    int  // the first place that the rest of the text decides
	touched bool // the candidate at hand has read the end of the text
	best    candidate
	work    int // bytes read ahead or back: a test holds that they grow with the text alone
}

// candidate is what a finding would be; with an end of 0 there is none.
type candidate struct {
	end   int
	kind  kind
	score float64
}

// How sure a finding is.
const (
	sure   = 1   // only such a key has its form
	likely = 0.8 // what stands before it makes it a secret
)

const (
	maxToken = 16 << 10 // a longer one is found until there
	maxWord  = 63       // of a token that nothing at its start gives away
)

// at reads a byte; after the end of the text there is 0, which belongs to no class.
func (p *pass) at(i int) byte {
	p.work++
	if i < len(p.s) {
		return p.s[i]
	}
	p.touched = true
	return 0
}

// before returns the byte before i; 0: there is none.
func (p *pass) before(i int) byte {
	p.work++
	if i > 0 {
		return p.s[i-1]
	}
	return 0
}

func (p *pass) run() {
	s := p.s
	for i := 0; i < len(s); {
		switch c := class[s[i]]; {
		case c&alnum != 0:
			i = p.word(i)
		case c&dash != 0:
			p.pem(i)
			i = p.take(i, i+1)
		case c&start != 0:
			i = p.sign(i)
		default:
			i++
		}
	}
}

// word looks at letters, digits and dashes without anything between, and at what they begin. If a
// dash stands before them they go on with what that ended, unless the text is indented with it.
func (p *pass) word(i int) int {
	s, j, classes := p.s, i, uint8(0)
	for ; j < len(s); j++ {
		c := class[s[j]]
		if c&inWord == 0 {
			break
		}
		classes |= c
	}
	if j == len(s) {
		p.note(j - begun(s[i:j]))
	}
	if bytes.HasSuffix(s[i:j], []byte(keyBegins)) {
		k := j - len(keyBegins)
		p.pem(k)
		return p.take(k, j)
	}
	if i > 0 && is(s[i-1], inWord) && !p.dashed(i) {
		return j
	}
	if classes&digit == 0 && p.plain(i, j) {
		return j
	}
	p.touched = j == len(s) && j-i <= maxWord
	p.token(i, j)
	if classes&digit != 0 {
		p.numbered(i, j)
	}
	p.given(i)
	return p.take(i, j)
}

// plain says whether a word is one among words: most are, and no secret begins there.
func (p *pass) plain(i, j int) bool {
	if j-i >= shortest || j == len(p.s) || p.s[j] == '.' || i < 2 || p.s[i-1] != ' ' {
		return false
	}
	last := p.s[i-2] | 0x20
	return is(last, lower) && last != 'r' && last != 'c'
}

// dashed says whether the dashes before i begin where no word ends, as those of a list do.
func (p *pass) dashed(i int) bool {
	j := i
	for j > 0 && i-j < 4 && is(p.s[j-1], dash) {
		j--
	}
	return j < i && (j == 0 || !is(p.s[j-1], inWord))
}

// sign looks at a value that begins with a sign, or after one.
func (p *pass) sign(i int) int {
	if p.s[i] == ':' {
		if i+1 < len(p.s) && !is(p.s[i+1], alnum) {
			p.inAddress(i + 1)
		}
		return p.take(i+1, i+1)
	}
	p.given(i)
	return p.take(i, i+1)
}

// given looks for a value that what stands before it makes a secret.
func (p *pass) given(i int) {
	if i == 0 {
		return
	}
	switch p.s[i-1] {
	case ' ':
		p.spaced(i)
	case '=', '"', '\'', '`', '>':
		p.assigned(i)
	case ':':
		p.inAddress(i)
		p.assigned(i)
	}
}

// spaced looks for a value after a blank.
func (p *pass) spaced(i int) {
	switch c := p.before(i - 1); c {
	case 'r', 'R':
		p.bearer(i)
	case 'c', 'C':
		p.basic(i)
	case '=', ':', '"', '\'', '`', '>', ' ':
		p.assigned(i)
	}
}

// offer makes a finding of the candidate at hand, if there is none that is surer, or as sure and
// longer.
func (p *pass) offer(end int, k kind, score float64) {
	if p.on.has(k) && (score > p.best.score || score == p.best.score && end > p.best.end) {
		p.best = candidate{end, k, score}
	}
}

// take ends the candidates that begin at i, and returns where to go on: after the best of them,
// or at next.
func (p *pass) take(i, next int) int {
	if p.touched {
		p.note(i)
	}
	best := p.best
	p.best, p.touched = candidate{}, false
	if best.end == 0 || i < p.begin && best.end > p.begin {
		return next
	}
	if !p.blind && i >= p.begin {
		p.out = append(p.out, content.Finding{Start: i, End: best.end, Type: types[best.kind].Name, Score: best.score})
	}
	return best.end
}

// note notes that the rest of the text decides what begins at i.
func (p *pass) note(i int) {
	if i >= p.begin {
		p.open = min(p.open, i)
	}
}
