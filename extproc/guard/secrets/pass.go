package secrets

import (
	"bytes"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// pass is one way through a text.
type pass struct {
	onepass.Search
}

func walk(sc *onepass.Scanner, s []byte, from int, dst []content.Finding, blind bool) (found []content.Finding, open, work int) {
	var p pass
	p.Begin(sc, s, from, dst, blind)
	p.run()
	return p.Result()
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

func (p *pass) run() {
	s := p.Text
	for i := 0; i < len(s); {
		switch c := class[s[i]]; {
		case c&alnum != 0:
			i = p.word(i)
		case c&dash != 0:
			p.pem(i)
			i = p.Take(i, i+1)
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
	s, j, classes := p.Text, i, uint8(0)
	for ; j < len(s); j++ {
		c := class[s[j]]
		if c&inWord == 0 {
			break
		}
		classes |= c
	}
	if j == len(s) {
		p.Note(j - begun(s[i:j]))
	}
	if bytes.HasSuffix(s[i:j], []byte(keyBegins)) {
		k := j - len(keyBegins)
		p.pem(k)
		return p.Take(k, j)
	}
	if i > 0 && is(s[i-1], inWord) && !p.dashed(i) {
		return j
	}
	if classes&digit == 0 && p.plain(i, j) {
		return j
	}
	p.Touched = j == len(s) && j-i <= maxWord
	p.token(i, j)
	if classes&digit != 0 {
		p.numbered(i, j)
	}
	p.given(i)
	return p.Take(i, j)
}

// plain says whether a word is one among words: most are, and no secret begins there.
func (p *pass) plain(i, j int) bool {
	if j-i >= shortest || j == len(p.Text) || p.Text[j] == '.' || i < 2 || p.Text[i-1] != ' ' {
		return false
	}
	last := p.Text[i-2] | 0x20
	return is(last, lower) && last != 'r' && last != 'c'
}

// dashed says whether the dashes before i begin where no word ends, as those of a list do.
func (p *pass) dashed(i int) bool {
	j := i
	for j > 0 && i-j < 4 && is(p.Text[j-1], dash) {
		j--
	}
	return j < i && (j == 0 || !is(p.Text[j-1], inWord))
}

// sign looks at a value that begins with a sign, or after one.
func (p *pass) sign(i int) int {
	if p.Text[i] == ':' {
		if i+1 < len(p.Text) && !is(p.Text[i+1], alnum) {
			p.inAddress(i + 1)
		}
		return p.Take(i+1, i+1)
	}
	p.given(i)
	return p.Take(i, i+1)
}

// given looks for a value that what stands before it makes a secret.
func (p *pass) given(i int) {
	if i == 0 {
		return
	}
	switch p.Text[i-1] {
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
	switch c := p.Before(i - 1); c {
	case 'r', 'R':
		p.bearer(i)
	case 'c', 'C':
		p.basic(i)
	case '=', ':', '"', '\'', '`', '>', ' ':
		p.assigned(i)
	}
}
