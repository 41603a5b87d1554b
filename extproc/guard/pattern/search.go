package pattern

import (
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
)

// maxLooks is how often regexp is asked where the next match is. It may read a text to its end each
// time, which must not be as often as there are matches.
const maxLooks = 16

// scan appends the matches of one expression.
func (p *program) scan(dst []content.Finding, s []byte, from int) []content.Finding {
	t, _ := p.threads.Get().(*threads)
	defer p.threads.Put(t)
	looks, seen := 0, from
	for at := p.candidate(s, from); at < len(s); at = p.candidate(s, at) {
		end, _ := p.match(t, s, at, false)
		if end > 0 {
			dst = append(dst, content.Finding{Start: at, End: end, Type: p.kind, Score: 1})
			at = end
			continue
		}
		if at = after(s, at); at <= seen || looks == maxLooks {
			continue
		}
		looks++
		if at, seen = p.look(s, at); at < 0 {
			return dst
		}
	}
	return dst
}

// look returns where the first match begins after a place at which none does, if its length has no
// bound, and where it ends; -1 if there is none. A match within the bound begins no earlier.
func (p *program) look(s []byte, at int) (start, end int) {
	_, n := utf8.DecodeLastRune(s[:at])
	m := p.re.FindIndex(s[at-n:])
	if m == nil {
		return -1, -1
	}
	return max(at-n+m[0], at), at - n + m[1]
}

// hold returns where a match of one expression may have begun that what follows s decides.
func (p *program) hold(s []byte, from int) int {
	t, _ := p.threads.Get().(*threads)
	defer p.threads.Put(t)
	for at := p.candidate(s, from); at < len(s); at = p.candidate(s, at) {
		end, open := p.match(t, s, at, true)
		if open {
			return at
		}
		at = max(end, after(s, at))
	}
	return len(s)
}

// candidate returns the first place from at on at which a match may begin.
func (p *program) candidate(s []byte, at int) int {
	for at < len(s) && !p.may(s[at]) {
		at++
	}
	return at
}

// after returns the place after the character at a place.
func after(s []byte, at int) int {
	_, n := utf8.DecodeRune(s[at:])
	return at + n
}
