// Package advice explains what a valid policy makes of its models, and says what
// in it is most likely not meant: a fallback that comes after the caller hung up,
// a chain that ends with the first outage.
//
// It is pure and speaks of what the policy says. The trap: it speaks of the worst
// case. A backend that Envoy ejected, or that says 429, is left much sooner.
package advice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy"
)

// DefaultCallerTimeout is how long the OpenAI and Anthropic SDKs wait for an
// answer unless they are told otherwise.
const DefaultCallerTimeout = 10 * time.Minute

// Expectation is what an operator knows of the traffic beside the policy.
type Expectation struct {
	CallerTimeout time.Duration // how long callers wait for an answer; 0: DefaultCallerTimeout
	Concurrency   int           // requests of one model in one Envoy at a time; 0: not known, so not judged
}

// Advice is one thing about a policy that its author should know.
type Advice struct {
	Level   Level
	Code    Code
	Path    string // of what it is about, such as models.assistant.chain[1]
	Message string
	Hint    string // what to do about it; may be empty
	File    string // where it stands, with line and column from 1; empty: not known
	Line    int
	Col     int
}

// String returns the advice as `level path: message; hint`.
func (a Advice) String() string { return a.text("") }

// text returns the advice with something to say of its path.
func (a Advice) text(ofPath string) string {
	text := fmt.Sprintf("%s %s%s: %s", a.Level, a.Path, ofPath, a.Message)
	if a.Hint != "" {
		text += "; " + a.Hint
	}
	return text
}

// rule gives advice about one model.
type rule func(*policy.Model, Expectation) []Advice

// rules are in the order in which their advice about a model is given.
var rules = []rule{
	hangUp, lateRetry, endsChain, silence,
	noFallback,
	skipped, otherDialect,
	loneWeight, unmetWeight,
	lowBreaker, busyChecks,
}

// Advise returns the advice about the policy and about every model: notes, then warnings, each
// in the order of the models' names.
func Advise(set *policy.Set, e Expectation) []Advice {
	all := ofAll(set)
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		all = append(all, about(set, set.Models[name], e)...)
	}
	slices.SortStableFunc(all, warningsLast)
	return all
}

// ofAll returns the advice that is about no model.
func ofAll(set *policy.Set) []Advice { return append(plainKeys(set), pagesOfAnybody(set)...) }

// about returns the advice about one model.
func about(set *policy.Set, m *policy.Model, e Expectation) []Advice {
	if e.CallerTimeout == 0 {
		e.CallerTimeout = DefaultCallerTimeout
	}
	var all []Advice
	for _, r := range rules {
		all = append(all, r(m, e)...)
	}
	all = append(all, outside(set, m)...)
	all = append(all, unpriced(set, m)...)
	all = append(all, cached(set, m)...)
	return append(all, refusing(set, m)...)
}

// warningsLast orders advice so that what matters most is read last, where a terminal
// stops.
func warningsLast(a, b Advice) int { return cmp.Compare(weight[a.Level], weight[b.Level]) }

var weight = map[Level]int{Note: 0, Warning: 1}

// give makes advice of a kind.
func give(code Code, path, hint, format string, args ...any) Advice {
	return Advice{Level: level(code), Code: code, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// linkPath returns where a link of a model stands.
func linkPath(m *policy.Model, link int) string {
	return fmt.Sprintf("%s.chain[%d]", m.Path(), link)
}
