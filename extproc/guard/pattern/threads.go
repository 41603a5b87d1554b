package pattern

import (
	"regexp/syntax"
	"unicode/utf8"
)

// threads are the places in a program where a match may have come to, the preferred one first.
type threads struct {
	now, next []uint32
	mark      []uint32 // by instruction: the round in which it was added
	round     uint32
	waits     bool // a thread depends on the character that follows the text
}

func newThreads(n int) *threads {
	return &threads{now: make([]uint32, 0, n), next: make([]uint32, 0, n), mark: make([]uint32, n)}
}

func (t *threads) reset() {
	t.now, t.waits = t.now[:0], false
	t.begin()
}

// begin begins a round, in which each instruction is added once.
func (t *threads) begin() {
	if t.round++; t.round == 0 {
		clear(t.mark)
		t.round = 1
	}
}

// view is a place in a text.
type view struct {
	s    []byte
	at   int
	more bool // of the text follows s
}

// add adds an instruction, and what can be reached from it without a character.
func (t *threads) add(prog *syntax.Prog, pc int, v view) {
	if t.mark[pc] == t.round || t.waits {
		return
	}
	t.mark[pc] = t.round
	i := &prog.Inst[pc]
	switch i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		t.add(prog, int(i.Out), v)
		t.add(prog, int(i.Arg), v)
	case syntax.InstCapture, syntax.InstNop:
		t.add(prog, int(i.Out), v)
	case syntax.InstEmptyWidth:
		holds, known := v.holds(syntax.EmptyOp(i.Arg))
		t.waits = !known
		if holds && known {
			t.add(prog, int(i.Out), v)
		}
	case syntax.InstMatch, syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		t.now = append(t.now, uint32(pc))
	case syntax.InstFail:
	}
}

// holds reports whether an assertion holds at a place, and whether that is known.
func (v *view) holds(op syntax.EmptyOp) (holds, known bool) {
	before, after := rune(-1), rune(-1)
	if v.at > 0 {
		before, _ = utf8.DecodeLastRune(v.s[:v.at])
	}
	switch {
	case v.at < len(v.s):
		after, _ = utf8.DecodeRune(v.s[v.at:])
	case v.more && op&^(syntax.EmptyBeginLine|syntax.EmptyBeginText) != 0:
		return false, false
	}
	return op&^syntax.EmptyOpContext(before, after) == 0, true
}

// matched reports whether a match has come to its end, and drops the threads that it is
// preferred to.
func (t *threads) matched(prog *syntax.Prog) bool {
	for k, pc := range t.now {
		if prog.Inst[pc].Op == syntax.InstMatch {
			t.now, t.waits = t.now[:k], false
			return true
		}
	}
	return false
}

// step takes a character, after which the text is at v.
func (t *threads) step(prog *syntax.Prog, r rune, v view) {
	t.now, t.next = t.next[:0], t.now
	t.begin()
	for _, pc := range t.next {
		i := &prog.Inst[pc]
		if takes(i, r) {
			t.add(prog, int(i.Out), v)
		}
	}
}

func takes(i *syntax.Inst, r rune) bool {
	switch i.Op {
	case syntax.InstRune1:
		return r == i.Rune[0]
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	default:
		return i.MatchRune(r)
	}
}
