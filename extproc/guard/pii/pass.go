package pii

import (
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// pass is one way through a text.
type pass struct {
	onepass.Search
	near nearby
}

func walk(sc *onepass.Scanner, s []byte, from int, dst []content.Finding, blind bool) (found []content.Finding, open, work int) {
	var p pass
	p.Begin(sc, s, from, dst, blind)
	p.run()
	return p.Result()
}

// How sure a finding is.
const (
	sure   = 1   // its check digit is right
	likely = 0.8 // a strict form, or a form and a word for it near
	maybe  = 0.6 // a form
)

func (p *pass) run() {
	s := p.Text
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
	p.Note(max(p.mailbox(len(s)), p.End))
}

// sign looks at what a sign begins, or stands in.
func (p *pass) sign(i int) int {
	switch p.Text[i] {
	case '@':
		start := max(p.mailbox(i), p.End)
		p.address(start, i)
		return p.Take(start, i+1)
	case ':':
		p.compressed(i)
	default: // a plus sign or a bracket
		p.phone(i)
	}
	return p.Take(i, i+1)
}

// word looks at letters and digits without anything between, and at what they begin.
func (p *pass) word(i int) int {
	s, j, classes := p.Text, i, uint16(0)
	for ; j < len(s); j++ {
		c := class[s[j]]
		if c&inWord == 0 {
			break
		}
		classes |= c
	}
	if j == len(s) {
		p.Note(i)
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
	return p.Take(i, j)
}

// opens says whether a word without digits may begin a finding: digits of base 16 with a sign after
// them, or two capitals.
func (p *pass) opens(i, j int) bool {
	if j-i > 4 || j == len(p.Text) {
		return false
	}
	switch p.Text[j] {
	case ':', '-', '.':
		return true
	default:
		return j-i == 2 && is(p.Text[j-1], upper)
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
	c := p.At(j)
	if separates(c) {
		c = p.At(j + 1)
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
