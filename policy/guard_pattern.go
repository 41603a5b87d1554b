package policy

import (
	"regexp"
	"regexp/syntax"

	"github.com/headgate/headgate/policy/strict"
)

// PatternGuard finds what regular expressions describe.
type PatternGuard struct {
	GuardTerms
	Patterns map[string]*Pattern // by name
	MaxMatch int64               // bytes
}

// Pattern is a regular expression of RE2. It matches no empty text and does not ask for the
// beginning or the end of the text.
type Pattern string

var patternGuard = described[PatternGuard]{
	doc:    "Finds what regular expressions describe.",
	sample: `pattern: {patterns: {ticket: "TICK-[0-9]+"}, action: mask}`,
	object: strict.NewObject(append(
		guardTerms("pattern", func(g *PatternGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardMask, GuardFlag),
		strict.Bind("patterns", func(g *PatternGuard) *map[string]*Pattern { return &g.Patterns }, strict.Map(patternName, patternRule, pattern)).Required().
			Doc("Expressions in RE2 syntax, by name: what ticket matches is of type TICKET. An expression matches anywhere in a text; (?i) leaves case aside, (?m)^ and (?m)$ are the ends of a line, \\b is that of an ASCII word. The ends of the text cannot be asked for, and no expression may match an empty text.").
			Example(`patterns: {ticket: "TICK-[0-9]+", customer: "(?i)\\bcust(omer)? no\\. *[0-9]{6}\\b"}`),
		strict.Bind("max_match", func(g *PatternGuard) *int64 { return &g.MaxMatch }, strict.Int[int64](1, 4096)).Default(256).
			Doc("Bytes that a match can have; what is longer is none. A stream is held back from where a match may have begun, and so for no more than this.").
			Example(`max_match: 64`),
	)...).Check(func(r *strict.Reader, g *strict.Given, it *PatternGuard) {
		if len(it.Patterns) == 0 {
			r.Fault(g.Place(), "name at least one", "there are no patterns")
		}
	}),
}

var patternName = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

const patternRule = "a pattern's name is 2 to 40 lower-case letters, digits and _, a letter first"

var pattern = strict.Form(readPattern, func(p Pattern) string { return string(p) })

// maxPatternProgram bounds the instructions of one compiled expression: what each byte may cost.
const maxPatternProgram = 4000

func readPattern(r *strict.Reader, at strict.Place, expr string) (Pattern, bool) {
	if len(expr) > 2048 {
		r.Fault(at, "", "must have at most 2048 bytes")
		return "", false
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		r.Fault(at, "see https://github.com/google/re2/wiki/Syntax", "must be a regular expression of RE2: %v", err)
		return "", false
	}
	if prog, err := syntax.Compile(tree.Simplify()); err != nil || len(prog.Inst) > maxPatternProgram {
		r.Fault(at, "repeat less", "the expression is too large")
		return "", false
	}
	if asksForEnds(tree) {
		r.Fault(at, "leave it out, or write (?m) for the ends of lines", "the beginning and the end of a text cannot be asked for: in streams there are none")
		return "", false
	}
	if minLength(tree) == 0 {
		r.Fault(at, "", "the expression matches an empty text")
		return "", false
	}
	return Pattern(expr), true
}

// asksForEnds reports whether an expression has an assertion about the ends of the text.
func asksForEnds(re *syntax.Regexp) bool {
	if re.Op == syntax.OpBeginText || re.Op == syntax.OpEndText {
		return true
	}
	for _, sub := range re.Sub {
		if asksForEnds(sub) {
			return true
		}
	}
	return false
}

// minLength returns how many characters the shortest match has; one that matches nothing has 1.
func minLength(re *syntax.Regexp) (n int) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLength(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * minLength(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n += minLength(sub)
		}
		return n
	case syntax.OpAlternate:
		n = minLength(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, minLength(sub))
		}
		return n
	default: // stars, options and assertions
		return 0
	}
}
