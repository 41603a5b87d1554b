package format

import (
	"context"
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxSteps bounds one judgement. A step is a schema that is applied to a value; long values, deep
// ones, and alternatives take more.
const maxSteps = 500_000

var errTooLong = errors.New("it takes too long to judge the answer by the schema")

// budget bounds what a compiled schema does. The library has no bound of its own and cannot be
// interrupted; so it is left with a panic, which within catches.
type budget struct {
	left  int
	calls int
	ctx   context.Context // of the judgement under way
}

// exceeded is the panic.
type exceeded struct{ err error }

// within runs f on a full budget.
func (b *budget) within(ctx context.Context, f func() error) (err error) {
	b.left, b.ctx = maxSteps, ctx
	defer func() {
		b.ctx = nil
		switch p := recover().(type) {
		case nil:
		case exceeded:
			err = p.err
		default:
			panic(p)
		}
	}()
	return f()
}

func (b *budget) spend(steps int) {
	if b.left -= steps; b.left < 0 {
		panic(exceeded{errTooLong})
	}
	if b.calls++; (b.calls%64 == 0 || steps > 1000) && b.ctx != nil && b.ctx.Err() != nil {
		panic(exceeded{b.ctx.Err()})
	}
}

// compile makes each schema of a document one that spends.
func (b *budget) compile(_ *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
	steps := 1
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		all, _ := object[key].([]any)
		steps += len(all)
	}
	return spender{b, steps}, nil
}

// spender spends what one schema takes.
type spender struct {
	budget *budget
	steps  int
}

// Validate implements jsonschema.SchemaExt: every value is valid.
func (s spender) Validate(ctx *jsonschema.ValidatorContext, v any) {
	size := 0
	switch v := v.(type) {
	case string:
		size = len(v) / 256
	case []any:
		size = len(v) / 8
	case map[string]any:
		size = len(v) / 8
	}
	s.budget.spend(s.steps * (1 + size) * (1 + len(ctx.ValueLocation())/4))
}

// expression is a pattern of a schema, which spends, too.
type expression struct {
	*regexp.Regexp
	budget *budget
	size   int // instructions
}

// MatchString implements jsonschema.Regexp.
func (e expression) MatchString(s string) bool {
	e.budget.spend(1 + len(s)*e.size/256)
	return e.Regexp.MatchString(s)
}

// regexp implements jsonschema.RegexpEngine.
func (b *budget) regexp(expr string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	return expression{re, b, len(prog.Inst)}, nil
}
