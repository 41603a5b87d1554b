package exchange

import "slices"

// Guarded is what one guard made of a request, or of what came back. It is what a row keeps: it
// says what was found and at which places, and never has the text. Not for concurrent use.
type Guarded struct {
	Guard  string // its name in the policy, also a metric label
	Kind   string // such as "pii", also a metric label
	Output bool   // it judged what came back, not the request
	Asks   bool   // it asked others, who are not asked about an answer that is given again
	Action string // that the policy has it take: "deny", "mask" or "flag"
	Mode   GuardMode
	Result GuardResult
	Reason Reason      // why, unless it passed
	Types  []TypeCount // of what was found, in the order of their first finding
	Spans  []GuardSpan // of what was found, the first MaxSpans
	Score  float64     // of the worst, from 0 to 1; 0: there is none
	// Hash is a keyed hash of what was found, by which equal findings are known without the
	// text; empty: nothing was found, or the guard does not say what.
	Hash  []byte
	Nanos int64 // how long the guard took, of a stream all its pieces together
}

// GuardMode says whether what a guard finds has consequences: a closed set, also a metric label.
type GuardMode string

// The modes of guards, as a policy names them.
const (
	Enforce GuardMode = "enforce"
	Shadow  GuardMode = "shadow" // it only says what it would do
)

// GuardResult is what came of a guard: a closed set, also a metric label. In shadow it is what
// would have come of it.
type GuardResult string

// What comes of guards.
const (
	GuardPassed   GuardResult = "pass"
	GuardFlagged  GuardResult = "flagged"
	GuardMasked   GuardResult = "masked"
	GuardDenied   GuardResult = "denied"   // the client got a refusal
	GuardCut      GuardResult = "cut"      // a stream that had begun ended with a refusal
	GuardRepaired GuardResult = "repaired" // the answer was asked for again, and the second one passed
	GuardFailed   GuardResult = "error"    // it could not decide
	GuardLate     GuardResult = "late"     // it did not decide in time
)

// GuardResults are all results, from the mildest to the gravest, after which come those without
// a decision.
var GuardResults = []GuardResult{GuardPassed, GuardFlagged, GuardMasked, GuardRepaired, GuardCut, GuardDenied, GuardFailed, GuardLate}

// TypeCount is how often something of a type was found.
type TypeCount struct {
	Type  string
	Count int
}

// GuardSpan is a place at which something was found.
type GuardSpan struct {
	Text       int // index of the text among those that the guard saw
	Start, End int // bytes of the text as guards see it
	Type       string
}

// Bounds of what is kept of one guard.
const (
	MaxSpans = 32
	MaxTypes = 32
)

// OtherTypes counts what was found of types for which there is no room.
const OtherTypes = "other"

// Found notes that something of a type was found at a place.
func (g *Guarded) Found(s GuardSpan) {
	g.FoundType(s.Type)
	if s.Type = Clip(s.Type, MaxText); len(g.Spans) < MaxSpans {
		g.Spans = append(g.Spans, s)
	}
}

// FoundType notes that something of a type was found which has no place, as of a whole.
func (g *Guarded) FoundType(name string) {
	name = Clip(name, MaxText)
	i := slices.IndexFunc(g.Types, func(t TypeCount) bool { return t.Type == name })
	if i < 0 && len(g.Types) == MaxTypes-1 {
		name = OtherTypes
	}
	switch {
	case i >= 0:
		g.Types[i].Count++
	case len(g.Types) == MaxTypes:
		g.Types[MaxTypes-1].Count++
	default:
		g.Types = append(g.Types, TypeCount{name, 1})
	}
}
