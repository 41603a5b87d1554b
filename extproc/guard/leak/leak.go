// Package leak finds in answers what they repeat of the request's system prompt.
//
// The promise: of a prompt that an answer repeats, however it is spaced, lined, punctuated or
// capitalised, no run of as many words as the policy names passes, in streams neither. The trap: a
// prompt that is translated or put in other words is not found, nor is one that the rest of the
// conversation says, too.
package leak

import (
	"fmt"
	"hash/maphash"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/phrase"
	"github.com/headgate/headgate/policy"
)

// The types of what is found.
const (
	Prompt = "SYSTEM_PROMPT"
	Canary = "CANARY"
)

// Guard makes the scanners of exchanges. It is safe for concurrent use.
type Guard struct {
	hash   hasher
	canary *phrase.List // nil: none
	allow  []uint64     // runs of words that answers may repeat
}

// New makes the guard of what a policy says. The error is for operators.
func New(p *policy.LeakGuard) (*Guard, error) {
	g := &Guard{hash: newHasher(maphash.MakeSeed(), int(p.Words))}
	for _, text := range p.Allow {
		g.hash.runs([]byte(text), func(run uint64) { g.allow = append(g.allow, run) })
	}
	if len(p.Canary) == 0 {
		return g, nil
	}
	list, err := phrase.NewList(Canary, p.Canary)
	if err != nil {
		return nil, fmt.Errorf("canary: %w", err)
	}
	g.canary = list
	return g, nil
}

// Begin returns the scanner of one exchange's answers, which must not repeat its system texts, but
// what its own texts say, too: those of users, tools and former answers. The texts are read when an
// answer is first looked at, and must stay as they are for as long as the scanner is used.
func (g *Guard) Begin(system, own []content.Text) *Scanner {
	return &Scanner{guard: g, system: system, own: own}
}
