package format

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/regular"
)

// FromRequest is the schema of a policy that stands for the form which the request asks for.
const FromRequest = policy.FormatFromRequest

// Guard judges answers by their form. It is safe for concurrent use.
type Guard struct {
	json    bool
	request bool    // the form that the request asks for
	schema  *schema // the policy's; nil: none
	regex   *regexp.Regexp
	enum    []string
	tools   bool
	schemas cache // of requests
}

// New makes the guard of what a policy says, and reads its file. The error is for operators.
func New(p *policy.FormatGuard) (*Guard, error) {
	g := &Guard{json: p.JSON, request: p.Schema == FromRequest, enum: p.Enum, tools: p.Tools}
	if p.Regex != "" {
		re, err := regexp.Compile(`\A(?:` + p.Regex + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("compiling regex: %w", err)
		}
		g.regex = re
	}
	text, err := schemaOf(p)
	if err != nil || text == nil {
		return g, err
	}
	if g.schema, err = compile(text); err != nil {
		return nil, fmt.Errorf("compiling schema: %w", err)
	}
	return g, nil
}

// schemaOf returns the policy's own schema, nil if it has none.
func schemaOf(p *policy.FormatGuard) ([]byte, error) {
	switch {
	case p.SchemaFile != "":
		text, err := regular.Read(p.SchemaFile, maxSchema)
		if err != nil {
			return nil, fmt.Errorf("reading schema: %w", err)
		}
		return text, nil
	case p.Schema != "" && p.Schema != FromRequest:
		return []byte(p.Schema), nil
	}
	return nil, nil
}

// Check returns what is wrong with one of the answers to a request, nil if nothing is. An answer
// that the model refused or interrupted is not judged, and the text of one that calls tools is not
// either. The error says that it could not be judged, and holds nothing of the exchange.
func (g *Guard) Check(ctx context.Context, req *canon.Request, choice *canon.Choice) ([]Fault, error) {
	if unjudged(choice) {
		return nil, nil
	}
	if !canon.Calls(choice.Parts) {
		return g.text(ctx, req, choice)
	}
	if !g.tools {
		return nil, nil
	}
	return g.calls(ctx, req, choice)
}

func unjudged(choice *canon.Choice) bool {
	switch choice.Finish {
	case canon.FinishRefusal, canon.FinishPause, canon.FinishError:
		return true
	default:
		return slices.ContainsFunc(choice.Parts, func(p canon.Part) bool { return p.Kind == canon.Refusal && !canon.Empty(p.Text) })
	}
}

// text judges the text of an answer.
func (g *Guard) text(ctx context.Context, req *canon.Request, choice *canon.Choice) (faults []Fault, err error) {
	text := textOf(choice)
	if g.regex != nil && !g.regex.Match(text) {
		faults = append(faults, Fault{What: bounded("must match, as a whole, the pattern "+g.regex.String(), maxWhat)})
	}
	if g.enum != nil && !slices.Contains(g.enum, string(text)) {
		faults = append(faults, Fault{What: bounded("must be, as a whole, one of "+quoted(g.enum, maxWhat), maxWhat)})
	}
	more, err := g.value(ctx, req, text)
	if faults = append(faults, more...); len(faults) == 0 {
		return nil, err
	}
	if choice.Finish == canon.FinishLength {
		faults = append(faults, Fault{What: "was cut off at the limit of its length: it must be shorter"})
	}
	return faults, nil
}

// value judges a text that must be JSON.
func (g *Guard) value(ctx context.Context, req *canon.Request, text []byte) ([]Fault, error) {
	var asked canon.FormatKind
	if g.request && req != nil {
		asked = req.Format.Kind
	}
	switch {
	case asked == canon.FormatSchema || g.schema != nil:
		return g.fits(ctx, req, text, asked == canon.FormatSchema)
	case asked == canon.FormatObject:
		fault := malformed(text)
		if fault == nil && scan.Value(trim(text)).Kind() != scan.Object {
			fault = &Fault{What: "must be a JSON object"}
		}
		return faultsOf(fault), nil
	case g.json:
		return faultsOf(malformed(text)), nil
	}
	return nil, nil
}

// fits judges a text that must fit the policy's schema, the request's own, or both.
func (g *Guard) fits(ctx context.Context, req *canon.Request, text []byte, asked bool) (faults []Fault, err error) {
	v, size, fault, err := parse(text)
	if fault != nil || err != nil {
		return faultsOf(fault), err
	}
	if g.schema != nil {
		if faults, err = g.schema.check(ctx, v, size); err != nil || !asked {
			return faults, err
		}
	}
	more, err := g.asked(ctx, req.Format.Schema, v, size)
	return append(faults, more...), err
}

// asked judges a value by a schema of the request.
func (g *Guard) asked(ctx context.Context, text scan.Value, v any, size int) ([]Fault, error) {
	s, err := g.schemas.get(text)
	if err != nil {
		return nil, err
	}
	return s.check(ctx, v, size)
}

// textOf returns the text of an answer.
func textOf(choice *canon.Choice) (text []byte) {
	for i := range choice.Parts {
		if p := &choice.Parts[i]; p.Kind == canon.Text {
			text = append(text, scan.Unescape(canon.Inside(p.Text))...)
		}
	}
	return text
}
