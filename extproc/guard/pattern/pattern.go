// Package pattern finds what regular expressions of the policy describe.
//
// The promise: what is found begins at the first place at which an expression matches within
// max_match bytes, and ends there as regexp has it. So it depends on the text around it alone, and
// a stream is held back only from where a match may have begun. The trap: a longer match is none,
// and the time for a text grows with it and, at worst, with max_match too.
package pattern

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/policy"
)

// maxInstructions bounds all expressions of a guard together: what each byte of a text may cost.
const maxInstructions = 10_000

// Guard finds matches of expressions. The type of a finding is the expression's name in upper case.
// It is safe for concurrent use.
type Guard struct{ programs []*program }

var _ content.Resumer = (*Guard)(nil)

// New compiles what a policy says. The error is for operators.
func New(p *policy.PatternGuard) (*Guard, error) {
	g := &Guard{}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(p.Patterns)) {
		program, err := compile(strings.ToUpper(name), string(*p.Patterns[name]), int(p.MaxMatch))
		if err != nil {
			return nil, err
		}
		total += len(program.prog.Inst)
		g.programs = append(g.programs, program)
	}
	if total > maxInstructions {
		return nil, fmt.Errorf("the patterns compile to %d instructions, more than %d", total, maxInstructions)
	}
	return g, nil
}

// Scan implements content.Scanner.
func (g *Guard) Scan(dst []content.Finding, s []byte) []content.Finding { return g.ScanFrom(dst, s, 0) }

// Hold implements content.Scanner.
func (g *Guard) Hold(s []byte) int { return g.HoldFrom(s, 0) }

// ScanFrom implements content.Resumer. Of matches of several expressions that overlap, the one
// that begins later is found without what the earlier one has.
func (g *Guard) ScanFrom(dst []content.Finding, s []byte, from int) []content.Finding {
	first := len(dst)
	for _, p := range g.programs {
		dst = p.scan(dst, s, from)
	}
	if len(g.programs) == 1 {
		return dst
	}
	return dst[:first+len(content.Disjoint(dst[first:]))]
}

// HoldFrom implements content.Resumer.
func (g *Guard) HoldFrom(s []byte, from int) int {
	s = content.Whole(s)
	hold := len(s)
	for _, p := range g.programs {
		hold = min(hold, p.hold(s, from))
	}
	if hold == len(s) || len(g.programs) == 1 {
		return hold
	}
	return content.Outside(g.matches(s, from), hold)
}

func (g *Guard) matches(s []byte, from int) (all []content.Finding) {
	for _, p := range g.programs {
		all = p.scan(all, s, from)
	}
	return all
}
