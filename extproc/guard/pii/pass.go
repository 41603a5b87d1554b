package pii

import "github.com/headgate/headgate/extproc/guard/content"

// pass is one way through a text, from left to right. A finding is decided by its own bytes, by
// at most 64 before it and by what is read through at after it: so what touched the end of the
// text, and that alone, may be decided otherwise once more of the text is known.
type pass struct {
	s       []byte
	on      kinds
	out     []content.Finding
	blind   bool // findings are not kept: only open is asked for
	from    int  // where the last finding ends: nothing begins before
	begin   int  // what begins before is context: it is found no more
	open    int  // the first place that the rest of the text decides
	touched bool // the candidate at hand has read the end of the text
	best    candidate
	near    nearby
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
	sure   = 1   // its check digit is right
	likely = 0.8 // a strict form, or a form and a word for it near
	maybe  = 0.6 // a form
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

func (p *pass) run() {
	s := p.s
	for i := 0; i < len(s); {
		switch c := class[s[i]]; {
		case c&(alnum|wide) != 0:
			i = p.word(i)
		case c&trigger != 0:
			i = p.sign(i)
		default:
			i++
		}
	}
	p.note(max(p.mailbox(len(s)), p.from))
}

// sign looks at what a sign begins, or stands in.
func (p *pass) sign(i int) int {
	switch p.s[i] {
	case '@':
		start := max(p.mailbox(i), p.from)
		p.address(start, i)
		return p.take(start, i+1)
	case ':':
		p.compressed(i)
	default: // a plus sign or a bracket
		p.phone(i)
	}
	return p.take(i, i+1)
}

// word looks at letters and digits without anything between, and at what they begin.
func (p *pass) word(i int) int {
	s, j, classes := p.s, i, uint16(0)
	for ; j < len(s); j++ {
		c := class[s[j]]
		if c&inWord == 0 {
			break
		}
		classes |= c
	}
	if j == len(s) {
		p.note(i)
	}
	if classes&digit == 0 && !p.opens(i, j) {
		return j
	}
	switch {
	case classes == digit:
		p.digits(i, j)
	case classes&digit != 0:
		p.mixed(i, j, classes)
	case j-i == 2:
		p.spacedNINO(i, j)
	}
	if j-i <= 4 {
		p.network(i, j)
	}
	return p.take(i, j)
}

// opens says whether a word without digits may begin a finding: digits of base 16 with a sign after
// them, or two capitals.
func (p *pass) opens(i, j int) bool {
	if j-i > 4 || j == len(p.s) {
		return false
	}
	switch p.s[j] {
	case ':', '-', '.':
		return true
	default:
		return j-i == 2 && is(p.s[j-1], upper)
	}
}

// digits looks at a word of digits alone.
func (p *pass) digits(i, j int) {
	if j-i > maxDigits || j-i < 7 && !p.goesOn(j) || !p.begins(i) {
		return
	}
	p.ipv4(i)
	p.withSign(i, j)
	p.passport(i, j)
	if n := p.number(i, j); n.total() > 8 {
		p.card(i, &n)
		p.ssn(i, &n)
		p.identity(i, &n)
	}
	p.phone(i)
}

// goesOn says whether another group of digits may follow on those before j.
func (p *pass) goesOn(j int) bool {
	c := p.at(j)
	if separates(c) {
		c = p.at(j + 1)
		return is(c, digit) || c == '('
	}
	return c == '('
}

// mixed looks at a word with letters and digits.
func (p *pass) mixed(i, j int, classes uint16) {
	if classes&(wide|tail) != 0 || !p.begins(i) {
		return
	}
	p.account(i)
	p.coded(i, j)
	p.wallet(i, j)
	p.passport(i, j)
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
	p.from = best.end
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
