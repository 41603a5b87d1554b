package pattern

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode/utf8"
)

// program finds matches of one expression that begin at a given place. It is safe for concurrent
// use, and prefers among matches what regexp prefers.
type program struct {
	kind    string
	re      *regexp.Regexp // without a bound
	prog    *syntax.Prog
	max     int // bytes of a match
	first   [utf8.RuneSelf]bool
	beyond  bool // a match may begin with a character beyond ASCII
	threads sync.Pool
}

func compile(kind, expr string, max int) (*program, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", kind, err)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", kind, err)
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", kind, err)
	}
	p := &program{kind: kind, re: re, prog: prog, max: max}
	p.threads.New = func() any { return newThreads(len(prog.Inst)) }
	p.begin(prog.Start, make([]bool, len(prog.Inst)))
	return p, nil
}

// begin notes the characters with which a match may begin, from an instruction on.
func (p *program) begin(pc int, seen []bool) {
	if seen[pc] {
		return
	}
	seen[pc] = true
	i := &p.prog.Inst[pc]
	switch i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		p.begin(int(i.Out), seen)
		p.begin(int(i.Arg), seen)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		p.begin(int(i.Out), seen)
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		for c := range p.first {
			p.first[c] = p.first[c] || i.MatchRune(rune(c))
		}
		p.beyond = p.beyond || beyondASCII(i)
	case syntax.InstMatch, syntax.InstFail:
	}
}

func beyondASCII(i *syntax.Inst) bool {
	return len(i.Rune) == 0 || syntax.Flags(i.Arg)&syntax.FoldCase != 0 || i.Op == syntax.InstRuneAny || i.Op == syntax.InstRuneAnyNotNL ||
		slices.ContainsFunc(i.Rune, func(r rune) bool { return r >= utf8.RuneSelf })
}

// may reports whether a match may begin with the character that begins with a byte.
func (p *program) may(c byte) bool {
	if c < utf8.RuneSelf {
		return p.first[c]
	}
	return p.beyond
}

// match returns where the match ends that begins at start, 0 if there is none. If more text
// follows s, open reports whether that may change it.
func (p *program) match(t *threads, s []byte, start int, more bool) (end int, open bool) {
	t.reset()
	t.add(p.prog, p.prog.Start, view{s, start, more})
	for at := start; ; {
		if t.matched(p.prog) && at > start {
			end = at
		}
		if t.waits {
			return end, true
		}
		if len(t.now) == 0 {
			return end, false
		}
		if at == len(s) {
			return end, more && at-start < p.max
		}
		r, n := utf8.DecodeRune(s[at:])
		if at += n; at-start > p.max {
			return end, false
		}
		t.step(p.prog, r, view{s, at, more})
	}
}
